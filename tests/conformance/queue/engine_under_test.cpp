#include "conformance/queue/engine_under_test.h"

#include <algorithm>
#include <ostream>
#include <utility>

namespace penstock::test {

void EngineUnderTest::startWith(const Wishes& wishes) {
  plugin_.reset();
  const EngineChoice& choice = engineChoice();
  adapter_ = adapterFor(LoadedPlugin(choice.file).descriptor().name);
  adapter_->empty();
  Overrides settings = choice.settings;
  settings.merge(adapter_->settings(wishes));
  plugin_ = std::make_unique<PluginFixture>(choice.file, std::move(settings), choice.migrations);
  plugin_->start();
}

void EngineUnderTest::TearDown() {
  if (!plugin_) return;
  plugin_->stop();
  for (const Answer& answer : answers_) EXPECT_EQ(answer.calls(), 1) << "a publish handler is called exactly once";
}

Event EngineUnderTest::event(std::string conversation, std::string body) {
  const std::string number = std::to_string(++made_);
  Event made;
  made.id = Uuid::make(WallTime(std::chrono::hours(500'000)));
  made.customer = "default";
  made.key = Digest128::of({"key", number, made.id.text()});
  made.fingerprint = Digest128::of({"fingerprint", number});
  made.conversation = conversation.empty() ? "sms:+1555" + number + "<->+1666" : std::move(conversation);
  made.participant_a = "+1555" + number;
  made.participant_b = "+1666";
  made.accepted_at = WallTime(std::chrono::hours(500'000));
  made.request_id = "request-" + number;
  made.content.from = made.participant_a;
  made.content.to = made.participant_b;
  made.content.body = std::move(body);
  made.content.timestamp = made.accepted_at;
  return made;
}

std::vector<Event> EngineUnderTest::events(std::size_t count) {
  std::vector<Event> made;
  while (made.size() < count) made.push_back(event());
  return made;
}

Answer EngineUnderTest::publishLater(Event event) {
  Answer answer;
  {
    std::lock_guard guard(answers_mutex_);
    answers_.push_back(answer);
  }
  queue().publish(std::move(event), answer.handler());
  return answer;
}

void EngineUnderTest::accept(const std::vector<Event>& events) {
  for (const Event& event : events) ASSERT_EQ(publish(event).verdict, PublishVerdict::Accepted);
}

std::vector<Delivery> EngineUnderTest::receive(std::size_t max, Duration lease) {
  return queue().receive(max, lease, Duration::zero(), {});
}

Delivery EngineUnderTest::receiveOne(Duration lease) {
  auto deliveries = receive(1, lease);
  EXPECT_EQ(deliveries.size(), 1U) << "an event should be there";
  return deliveries.empty() ? Delivery{} : std::move(deliveries.front());
}

std::vector<Uuid> EngineUnderTest::drain() {
  std::vector<Uuid> order;
  for (auto batch = receive(); !batch.empty(); batch = receive()) {
    for (const Delivery& delivery : batch) {
      order.push_back(delivery.event.id);
      end(delivery);
    }
  }
  return order;
}

SettleVerdict EngineUnderTest::settle(const Delivery& delivery, std::variant<Done, RetryAfter, Dead, Release> outcome) {
  const Settlement settlement{delivery.token, std::move(outcome)};
  const auto verdicts = queue().settle({&settlement, 1});
  EXPECT_EQ(verdicts.size(), 1U);
  return verdicts.empty() ? SettleVerdict::LeaseLost : verdicts.front();
}

void EngineUnderTest::end(const Delivery& delivery, std::variant<Done, RetryAfter, Dead, Release> outcome) {
  EXPECT_EQ(settle(delivery, std::move(outcome)), SettleVerdict::Settled);
}

void EngineUnderTest::bury(const Event& event, std::string reason) {
  accept(event);
  const Delivery delivery = receiveOne();
  ASSERT_EQ(delivery.event.id, event.id);
  end(delivery, Dead{std::move(reason)});
}

double EngineUnderTest::metric(std::string_view name, std::string_view reason) {
  std::string engine(plugin_->descriptor().name);
  std::replace(engine.begin(), engine.end(), '-', '_');
  return plugin_->metrics.value(std::string(name) + "{engine=\"" + engine + "\",reason=\"" + std::string(reason) +
                                "\"}");
}

std::vector<DeadLetter> EngineUnderTest::deadList(const DeadLetterFilter& filter) {
  return deadLetters().list(filter, Page{}).items;
}

std::vector<Uuid> ids(const std::vector<Event>& events) {
  std::vector<Uuid> result;
  for (const Event& event : events) result.push_back(event.id);
  return result;
}

std::vector<Uuid> ids(const std::vector<Delivery>& deliveries) {
  std::vector<Uuid> result;
  for (const Delivery& delivery : deliveries) result.push_back(delivery.event.id);
  return result;
}

std::vector<Uuid> ids(const std::vector<DeadLetter>& letters) {
  std::vector<Uuid> result;
  for (const DeadLetter& letter : letters) result.push_back(letter.event.id);
  return result;
}

Event withKeyOf(const Event& first, Event other, bool same) {
  other.key = first.key;
  if (same) other.fingerprint = first.fingerprint;
  return other;
}

}  // namespace penstock::test

namespace penstock {

void PrintTo(const Uuid& id, std::ostream* out) { *out << id.text(); }

void PrintTo(PublishVerdict verdict, std::ostream* out) {
  static constexpr const char* kWords[] = {"Accepted", "Duplicate", "Conflict", "Full", "Unavailable"};
  *out << kWords[static_cast<std::size_t>(verdict)];
}

void PrintTo(SettleVerdict verdict, std::ostream* out) {
  *out << (verdict == SettleVerdict::Settled ? "Settled" : "LeaseLost");
}

}  // namespace penstock
