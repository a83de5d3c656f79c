#pragma once

#include "penstock/cache.h"

#include "support/plugin_fixture.h"
#include "support/redis_server.h"
#include "support/running_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace penstock::redis_cache {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Comes back once `fact` is true; fails after half a minute.
template <typename Fact>
void until(Fact fact) {
  const auto deadline = std::chrono::steady_clock::now() + seconds(30);
  while (!fact()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "it did not come";
    std::this_thread::sleep_for(milliseconds(2));
  }
}

/// The real plugin in real time, because a server goes and comes in real time, and patient with a busy machine.
class CacheFixture {
public:
  explicit CacheFixture(const std::string& url, test::Overrides overrides = {}, Clock* time = nullptr)
      : plugin(PENSTOCK_REDIS_CACHE, time == nullptr ? &clock : time, with(std::move(overrides), url)) {
    plugin.start();
  }

  Cache& cache() { return plugin.get<Cache>(); }
  Health health() { return plugin.instance().health(); }
  bool ready() { return health().state == HealthState::Ready; }
  void awaitReady() {
    until([this] { return ready(); });
  }
  void awaitDegraded() {
    until([this] { return health().state == HealthState::Degraded; });
  }

  double metric(const std::string& name) { return plugin.metrics.value("penstock_cache_" + name); }
  double dropped(const std::string& reason) { return metric("notes_dropped_total{reason=\"" + reason + "\"}"); }
  double errors(const std::string& kind) { return metric("errors_total{kind=\"" + kind + "\"}"); }
  double written() { return metric("notes_written_total"); }
  void awaitWritten(double count) {
    until([&] { return written() >= count; });
  }

  /// Everything that people may get to read.
  std::string said() {
    std::string all = health().reason;
    for (const Poco::Message& line : plugin.log.lines()) {
      all += '\n' + line.getText();
      for (const char* field : {"event", "reason", "place"}) all += ' ' + line.get(field, "");
    }
    return all;
  }

  test::RunningClock clock;
  test::PluginFixture plugin;

private:
  static test::Overrides with(test::Overrides overrides, const std::string& url) {
    overrides.emplace("url", url);
    overrides.try_emplace("timeout", "20s");
    overrides.try_emplace("read_timeout", "20s");
    overrides.try_emplace("reconnect.longest", "200ms");
    return overrides;
  }
};

inline Uuid idOf(std::uint32_t number) {
  Uuid id;
  for (int i = 0; i < 4; ++i) id.bytes[static_cast<std::size_t>(15 - i)] = static_cast<std::uint8_t>(number >> (8 * i));
  return id;
}

/// Sent `ago` before now.
inline SentNote noteOf(std::uint32_t number, Duration ago = {}) {
  const auto now = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
  return {idOf(number), "their-" + std::to_string(number), now - ago};
}

/// The numbers of a page, or -1 for "do not know".
inline std::vector<int> numbers(const std::optional<std::vector<SentNote>>& notes) {
  if (!notes) return {-1};
  std::vector<int> found;
  for (const SentNote& note : *notes) found.push_back(note.message_id.bytes[14] * 256 + note.message_id.bytes[15]);
  return found;
}

}  // namespace penstock::redis_cache
