#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conformance/store/sample.h"
#include "penstock/control.h"
#include "penstock/reader.h"
#include "penstock/store.h"
#include "support/plugin_fixture.h"

namespace penstock::test {

/// The store that this binary proves: each store's own file defines it, the cases are the same for all.
struct StoreUnderTest {
  std::string file;        ///< its .so
  std::string migrations;  ///< migrations/ of the tree
  /// The configuration of a new, empty store, which several processes may use; `folder` is gone after the case.
  std::function<Overrides(const std::filesystem::path& folder)> fresh;
  /// Looks behind the interfaces for damage; the store is in use by nobody. Empty: sound.
  std::function<std::string(const Overrides& configuration)> damage;
};

const StoreUnderTest& storeUnderTest();

/// A store of its own for each case. `store`, `reader` and `control` are one process's; another() is a further process
/// on the same store.
class StoreCase : public testing::Test {
protected:
  StoreCase() { plugin_.start(); }

  Store& store() { return plugin_.get<Store>(); }
  Reader& reader() { return plugin_.get<Reader>(); }
  Control& control() { return plugin_.get<Control>(); }
  ManualClock& clock() { return plugin_.clock; }
  PluginFixture& plugin() { return plugin_; }

  std::unique_ptr<PluginFixture> another() {
    auto plugin = std::make_unique<PluginFixture>(storeUnderTest().file, configuration_, storeUnderTest().migrations);
    plugin->start();
    return plugin;
  }

  Persisted persist(const Event& event) { return store().persist({&event, 1}).front(); }
  BeginResult begin(const Intent& intent) { return store().begin({&intent, 1}).front(); }
  void record(const Attempt& attempt) { store().record({&attempt, 1}); }
  MessageStatus statusOf(const Event& event) { return reader().message(event.id).value().message.status; }

  /// Persists, is granted attempt 1 and records it as sent; its provider id is that of attempt().
  Event sentMessage() {
    const Event event = outbound();
    persist(event);
    begin(intent(event, 1));
    record(attempt(event, 1, AttemptOutcome::Sent));
    return event;
  }
  static std::string providerId(const Event& event) { return "provider-" + event.id.text(); }

  /// Every message of a conversation, page by page.
  std::vector<MessageView> allMessages(std::int64_t conversation) {
    std::vector<MessageView> all;
    for (Page page{1, 50};; ++page.number) {
      const auto listing = reader().messages(conversation, page);
      if (!listing || listing->items.empty()) return all;
      all.insert(all.end(), listing->items.begin(), listing->items.end());
    }
  }

private:
  TemporaryFolder folder_;
  Overrides configuration_ = storeUnderTest().fresh(folder_.path());
  PluginFixture plugin_{storeUnderTest().file, configuration_, storeUnderTest().migrations};
};

}  // namespace penstock::test
