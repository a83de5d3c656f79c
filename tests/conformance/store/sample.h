#pragma once

#include "penstock/store.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace penstock::test {

inline constexpr WallTime kSampleTime{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};

/// Ids that rise as made, without asking the kernel.
inline Uuid nextId() {
  static std::atomic<std::uint64_t> made{0};
  const std::uint64_t number = ++made;
  Uuid id;
  for (std::size_t i = 0; i < 8; ++i) id.bytes[8 + i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
  return id;
}

/// The conversation of two participants as the policy would name it.
inline void join(Event& event, std::string_view one, std::string_view other) {
  event.participant_a = std::min(one, other);
  event.participant_b = std::max(one, other);
  event.conversation =
      std::string(word(event.content.channel)) + ":" + event.participant_a + "<->" + event.participant_b;
}

/// An event whose key is its id and whose fingerprint is of its body.
inline Event sampleEvent(Kind kind, std::string from, std::string to, std::string body) {
  Event event;
  event.kind = kind;
  event.id = nextId();
  event.customer = "default";
  event.key = Digest128::of({event.id.text()});
  event.fingerprint = Digest128::of({body});
  event.policy = Digest128::of({"policy"});
  event.accepted_at = kSampleTime;
  event.request_id = "request";
  event.content.from = std::move(from);
  event.content.to = std::move(to);
  event.content.body = std::move(body);
  event.content.timestamp = kSampleTime;
  join(event, event.content.from, event.content.to);
  return event;
}

inline Event outbound(std::string_view body = "hello", std::string_view from = "+15550001",
                      std::string_view to = "+16660001") {
  return sampleEvent(Kind::OutboundMessage, std::string(from), std::string(to), std::string(body));
}

inline Event inbound(std::string_view provider_message_id, std::string_view body = "hi") {
  Event event = sampleEvent(Kind::InboundMessage, "+16660001", "+15550001", std::string(body));
  event.content.provider = "mock";
  event.content.provider_message_id = provider_message_id;
  event.key = Digest128::of({"inbound", "sms", "mock", provider_message_id});
  return event;
}

inline Event report(std::string_view provider_message_id, std::string_view status) {
  Event event = sampleEvent(Kind::DeliveryStatus, "", "", "");
  event.content.provider = "mock";
  event.content.provider_message_id = provider_message_id;
  event.content.status = status;
  return event;
}

/// A report that gives our own id back.
inline Event ownReport(const Event& event, std::string_view provider_message_id, std::string_view status) {
  Event own = report(provider_message_id, status);
  own.content.message_id = event.id;
  return own;
}

inline Event email(std::string_view body, std::string_view from = "a@example.org",
                   std::string_view to = "b@example.org") {
  Event event = outbound(body, from, to);
  event.content.channel = Channel::Email;
  event.content.type = MessageType::Email;
  join(event, from, to);
  return event;
}

/// The same request again: other id, same key and content.
inline Event repeated(const Event& first) {
  Event event = first;
  event.id = nextId();
  return event;
}

/// The same key with other content.
inline Event conflicting(const Event& first, std::string_view body) {
  Event event = first;
  event.id = nextId();
  event.content.body = body;
  event.fingerprint = Digest128::of({body});
  return event;
}

inline LeaseToken token(std::uint64_t number) { return LeaseToken{{number, 1, 2}}; }

inline Intent intent(const Event& event, std::uint32_t attempt, bool resend = false) {
  return {.message = event.id, .attempt = attempt, .token = token(attempt), .provider = "mock", .resend = resend};
}

inline Attempt attempt(const Event& event, std::uint32_t number, AttemptOutcome outcome) {
  Attempt end;
  end.message = event.id;
  end.number = number;
  end.token = token(number);
  end.outcome = outcome;
  end.provider = "mock";
  if (outcome == AttemptOutcome::Sent) end.provider_message_id = "provider-" + event.id.text();
  end.started_at = kSampleTime;
  end.latency = std::chrono::milliseconds(20);
  return end;
}

}  // namespace penstock::test
