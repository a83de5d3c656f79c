#pragma once

#include "conformance/queue/answer.h"
#include "conformance/queue/engine.h"
#include "support/plugin_fixture.h"

#include "penstock/dead_letters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace penstock::test {

using namespace std::chrono_literals;

inline constexpr Duration kLease = 30s;

/// An engine, loaded from its .so, that a case talks to through the SDK's interfaces only. Starts with the engine's
/// defaults; a case that needs others calls startWith. When the case is over the engine is stopped, and every publish
/// handler ever given must have been called exactly once.
class EngineUnderTest : public ::testing::Test {
protected:
  void SetUp() override { startWith({}); }
  void TearDown() override;

  /// Starts over with an empty engine configured so.
  void startWith(const Wishes& wishes);
  void stop() { plugin_->stop(); }
  /// Stops and starts again on the same data.
  void restart() { plugin_->restart(); }
  void advance(Duration step) { adapter_->advance(plugin_->clock, step); }

  Queue& queue() { return plugin_->get<Queue>(); }
  DeadLetters& deadLetters() { return plugin_->get<DeadLetters>(); }

  /// An event like no other: own id, key, content, and (unless given) conversation.
  Event event(std::string conversation = {}, std::string body = "hello");
  /// Events with conversations of their own.
  std::vector<Event> events(std::size_t count);

  Answer publishLater(Event event);
  PublishResult publish(Event event) { return publishLater(std::move(event)).await(); }
  /// Publishes each and expects Accepted.
  void accept(const std::vector<Event>& events);
  void accept(const Event& event) { accept(std::vector{event}); }

  /// What is there now.
  std::vector<Delivery> receive(std::size_t max = 100, Duration lease = kLease);
  /// Exactly one delivery; fails the case otherwise.
  Delivery receiveOne(Duration lease = kLease);
  /// Receives and finishes until nothing is there; the ids in the order they came.
  std::vector<Uuid> drain();

  SettleVerdict settle(const Delivery& delivery, std::variant<Done, RetryAfter, Dead, Release> outcome);
  /// Settles and expects Settled.
  void end(const Delivery& delivery, std::variant<Done, RetryAfter, Dead, Release> outcome = Done{});
  /// Publishes an event and gives it up at once.
  void bury(const Event& event, std::string reason = "no route");

  /// A counter of the engine whose label `reason` says this.
  double metric(std::string_view name, std::string_view reason);

  std::vector<DeadLetter> deadList(const DeadLetterFilter& filter = {});

private:
  std::unique_ptr<EngineAdapter> adapter_;
  std::unique_ptr<PluginFixture> plugin_;
  std::mutex answers_mutex_;
  std::vector<Answer> answers_;
  std::uint64_t made_ = 0;
};

std::vector<Uuid> ids(const std::vector<Event>& events);
std::vector<Uuid> ids(const std::vector<Delivery>& deliveries);
std::vector<Uuid> ids(const std::vector<DeadLetter>& letters);

/// A filter with this member set: where(&DeadLetterFilter::reason, "no route").
template <typename Member, typename Value>
DeadLetterFilter where(Member DeadLetterFilter::*member, Value value, DeadLetterFilter filter = {}) {
  filter.*member = std::move(value);
  return filter;
}

/// Publishing after this one finds its key taken: `same` content or other.
Event withKeyOf(const Event& first, Event other, bool same);

}  // namespace penstock::test

/// For messages of failed assertions.
namespace penstock {
void PrintTo(const Uuid& id, std::ostream* out);
void PrintTo(PublishVerdict verdict, std::ostream* out);
void PrintTo(SettleVerdict verdict, std::ostream* out);
}  // namespace penstock
