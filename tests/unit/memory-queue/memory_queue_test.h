#pragma once

#include "support/plugin_fixture.h"

#include "penstock/dead_letters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace penstock::test {

using namespace std::chrono_literals;

/// The engine as its .so, for what it promises beyond the conformance suite.
class MemoryQueueTest : public ::testing::Test {
protected:
  void SetUp() override { startWith({}); }
  void TearDown() override { plugin->stop(); }

  void startWith(Overrides overrides) {
    plugin.emplace(PENSTOCK_MEMORY_QUEUE, std::move(overrides));
    plugin->start();
  }

  Queue& queue() { return plugin->get<Queue>(); }
  DeadLetters& deadLetters() { return plugin->get<DeadLetters>(); }
  void advance(Duration step) { plugin->clock.advance(step); }
  double metric(const std::string& name) { return plugin->metrics.value(name + "{engine=\"memory_queue\"}"); }

  Event event(std::string conversation = {}, std::string body = "hello") {
    const std::string number = std::to_string(++made_);
    Event event;
    event.id = Uuid::make(plugin->clock.wall());
    event.key = Digest128::of({number});
    event.fingerprint = Digest128::of({"content", number});
    event.conversation = conversation.empty() ? number : std::move(conversation);
    event.content.body = std::move(body);
    return event;
  }

  /// Answers of this engine come before publish returns, except those of publishers that wait for room.
  PublishVerdict publish(Event event) {
    PublishVerdict verdict{};
    queue().publish(std::move(event), [&](PublishResult result) { verdict = result.verdict; });
    return verdict;
  }
  Event accept(Event event) {
    EXPECT_EQ(publish(event), PublishVerdict::Accepted);
    return event;
  }

  std::vector<Delivery> receive(std::size_t max = 1) { return queue().receive(max, 30s, 0s, {}); }
  void settle(const Delivery& delivery, std::variant<Done, RetryAfter, Dead, Release> outcome) {
    const Settlement settlement{delivery.token, std::move(outcome)};
    EXPECT_EQ(queue().settle({&settlement, 1}).front(), SettleVerdict::Settled);
  }
  /// Publishes, receives and settles an event while nothing else is ready.
  Event pass(Event event, std::variant<Done, RetryAfter, Dead, Release> outcome) {
    accept(event);
    settle(receive().at(0), std::move(outcome));
    return event;
  }

  std::optional<PluginFixture> plugin;

private:
  std::uint64_t made_ = 0;
};

}  // namespace penstock::test
