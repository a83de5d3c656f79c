#include "pg-queue/outbox_draft.h"

#include "penstock/json.h"
#include "shared/draft/draft_text.h"
#include "shared/draft/routes.h"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace penstock::pg_queue {
namespace {

namespace json = boost::json;
using Fate = JudgedDraft::Fate;

constexpr auto kLongestDelay = std::chrono::seconds(60);
constexpr std::string_view kDefaultCustomer = "default";

std::string textOf(const json::object& members, std::string_view name) {
  const json::value* found = members.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::string requestOf(const OutboxDraft& draft) { return "outbox-" + std::to_string(draft.number); }

MessageType typeOf(const json::object& members) {
  return parseMessageType(textOf(members, "type")).value_or(MessageType::Sms);
}

WallTime shownTime(const OutboxDraft& draft) { return std::chrono::floor<std::chrono::milliseconds>(draft.created_at); }

/// What a person needs to judge a draft that did not become an event.
Event remains(const OutboxDraft& draft, const json::object& members) {
  Event event;
  event.id = draft.id;
  event.request_id = requestOf(draft);
  event.customer = textOf(members, "customerId");
  if (event.customer.empty()) event.customer = kDefaultCustomer;
  event.accepted_at = draft.created_at;
  Content& content = event.content;
  content.type = typeOf(members);
  content.channel = content.type == MessageType::Email ? Channel::Email : Channel::Sms;
  content.from = textOf(members, "from");
  content.to = textOf(members, "to");
  content.subject = textOf(members, "subject");
  content.body = textOf(members, "body");
  content.timestamp = shownTime(draft);
  if (const json::value* metadata = members.if_contains("metadata")) content.metadata = json::serialize(*metadata);
  return event;
}

JudgedDraft ended(const OutboxDraft& draft, const Event& event, Fate fate, std::string reason, std::string sentence) {
  JudgedDraft judged(draft, event);
  judged.fate = fate;
  judged.reason = std::move(reason);
  judged.sentence = durable::clipped(sentence);
  judged.delay = delayAfter(draft.tries);
  return judged;
}

std::string joined(const std::vector<Fault>& faults) {
  std::string all;
  for (const Fault& fault : faults) all += (all.empty() ? "" : "; ") + fault.field + ": " + fault.message;
  return all;
}

}  // namespace

Duration delayAfter(std::int32_t tries) {
  return std::min<Duration>(kLongestDelay, std::chrono::seconds(std::int64_t{1} << std::clamp(tries, 0, 10)));
}

JudgedDraft judge(const OutboxDraft& draft, Policy& policy, std::int64_t max_bytes) {
  DraftText text;
  if (const auto fault = text.read(draft.text))
    return ended(draft, remains(draft, {}), Fate::Bury, "malformed_json",
                 fault->is_json ? "the draft is no object" : "the draft cannot be read: " + fault->why);
  json::object& members = text.members();
  const std::string request = requestOf(draft);

  // Without a key of the application's, its time is what tells a message from an equal one; with one, it must not make
  // a repeated call another message.
  const bool timed = members.contains("timestamp");
  if (!timed && !members.contains("idempotencyKey")) members["timestamp"] = formatTime(draft.created_at);
  Draft asked;
  asked.channel = typeOf(members) == MessageType::Email ? Channel::Email : Channel::Sms;
  asked.route = asked.channel == Channel::Email ? kEmailRoute : kSmsRoute;
  asked.members = &members;
  asked.request_id = request;
  Admission admission = policy.admit(asked);
  switch (admission.verdict) {
    case Admission::Verdict::Admitted:
      break;
    case Admission::Verdict::Rejected:
      return ended(draft, remains(draft, members), Fate::Bury, "validation_failed", joined(admission.faults));
    case Admission::Verdict::Failed:
      return ended(draft, remains(draft, members), Fate::Postpone, {}, {});
  }
  admission.event.id = draft.id;
  if (!timed) admission.event.content.timestamp = shownTime(draft);
  JudgedDraft judged(draft, admission.event);
  if (static_cast<std::int64_t>(judged.publication.text.size()) > max_bytes)
    return ended(draft, remains(draft, members), Fate::Bury, "too_large", "it has more bytes than the queue may hold");
  return judged;
}

}  // namespace penstock::pg_queue
