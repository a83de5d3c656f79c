#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "conformance/store/sample.h"
#include "penstock/control.h"
#include "penstock/reader.h"
#include "penstock/store.h"
#include "support/plugin_fixture.h"
#include "support/postgres_database.h"
#include "support/running_clock.h"

namespace penstock::test {

/// Comes back once `fact` is true; fails after half a minute.
template <typename Fact>
void until(Fact fact) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!fact()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "it did not come";
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

/// pg-store on a database, in real time, because a server goes and comes in real time.
struct PgStoreFixture {
  explicit PgStoreFixture(const std::string& url, Overrides overrides = {})
      : plugin(PENSTOCK_STORE_PLUGIN, &clock, with(std::move(overrides), url), PENSTOCK_MIGRATIONS) {}

  static Overrides with(Overrides overrides, const std::string& url) {
    overrides.emplace("pg.url", url);
    return overrides;
  }
  Store& store() { return plugin.get<Store>(); }
  Reader& reader() { return plugin.get<Reader>(); }
  Control& control() { return plugin.get<Control>(); }
  bool ready() { return plugin.instance().health().state == HealthState::Ready; }
  std::string reason() { return plugin.instance().health().reason; }

  RunningClock clock;
  PluginFixture plugin;
};

}  // namespace penstock::test
