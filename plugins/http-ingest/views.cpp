#include "http-ingest/views.h"

#include "penstock/json.h"

#include <array>
#include <charconv>

namespace penstock {

namespace {

constexpr std::size_t kExpectedItemBytes = 768;

/// Seconds with microseconds as decimals.
void writeSeconds(JsonWriter& json, Duration time) {
  std::array<char, 64> digits;
  const double seconds = std::chrono::duration<double>(time).count();
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), seconds, std::chars_format::fixed, 6).ptr;
  json.raw(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

/// An empty text stands for nothing.
void writeOrNull(JsonWriter& json, std::string_view name, std::string_view text) {
  json.name(name);
  if (text.empty())
    json.null();
  else
    json.value(text);
}

std::string_view direction(Kind kind) { return kind == Kind::InboundMessage ? "inbound" : "outbound"; }

void writeMembers(JsonWriter& json, const MessageView& message) {
  const Content& content = message.content;
  json.member("id", message.id.text());
  json.member("conversation_id", message.conversation_id);
  json.member("direction", direction(message.kind));
  json.member("channel", word(content.channel));
  json.member("type", word(content.type));
  json.member("from", content.from);
  json.member("to", content.to);
  json.name("subject");
  if (content.channel == Channel::Email)
    json.value(content.subject);
  else
    json.null();
  json.member("body", content.body);
  json.member("snippet", message.snippet);
  json.name("attachments").beginArray();
  for (const std::string& attachment : content.attachments) json.value(attachment);
  json.endArray();
  json.member("timestamp", content.timestamp);
  json.member("status", word(message.status));
  writeOrNull(json, "provider", message.provider);
  writeOrNull(json, "provider_message_id", message.provider_message_id);
}

void write(JsonWriter& json, const MessageView& message) {
  json.beginObject();
  writeMembers(json, message);
  json.endObject();
}

void write(JsonWriter& json, const ConversationView& conversation) {
  json.beginObject();
  json.member("id", conversation.id);
  json.member("key", conversation.key);
  json.member("channel", word(conversation.channel));
  json.member("participant_a", conversation.participant_a);
  json.member("participant_b", conversation.participant_b);
  json.member("message_count", conversation.message_count);
  json.member("last_activity_at", conversation.last_activity_at);
  json.name("last_message");
  if (conversation.last_message)
    write(json, *conversation.last_message);
  else
    json.null();
  json.endObject();
}

void write(JsonWriter& json, const SentView& sent) {
  json.beginObject();
  json.member("message_id", sent.message_id.text()).member("sent_at", sent.sent_at);
  json.endObject();
}

void writeWaits(JsonWriter& json, const std::map<std::string, Duration>& waits) {
  json.name("wait_seconds").beginObject();
  for (const auto& [cause, time] : waits) writeSeconds(json.name(cause), time);
  json.endObject();
}

void write(JsonWriter& json, const AttemptView& view) {
  const Attempt& attempt = view.attempt;
  json.beginObject();
  json.member("number", attempt.number);
  json.member("outcome", word(attempt.outcome));
  json.member("final", attempt.end != AttemptEnd::Open);
  writeOrNull(json, "provider", attempt.provider);
  writeOrNull(json, "provider_message_id", attempt.provider_message_id);
  json.name("http_status");
  if (attempt.http_status != 0)
    json.value(attempt.http_status);
  else
    json.null();
  writeOrNull(json, "error", attempt.error);
  json.member("started_at", attempt.started_at);
  json.member("finished_at", view.finished_at);
  writeSeconds(json.name("latency_seconds"), attempt.latency);
  writeWaits(json, attempt.waits);
  json.endObject();
}

template <typename Item>
std::string envelope(const Listing<Item>& listing, Page page) {
  std::string text;
  text.reserve(128 + listing.items.size() * kExpectedItemBytes);
  JsonWriter json(text);
  json.beginObject().name("items").beginArray();
  for (const Item& item : listing.items) write(json, item);
  json.endArray().name("meta").beginObject();
  json.member("page", page.number);
  json.member("page_size", page.size);
  json.member("total", listing.total);
  json.endObject().endObject();
  return text;
}

}  // namespace

std::string toJson(const Listing<ConversationView>& listing, Page page) { return envelope(listing, page); }
std::string toJson(const Listing<MessageView>& listing, Page page) { return envelope(listing, page); }
std::string toJson(const Listing<SentView>& listing, Page page) { return envelope(listing, page); }

std::string toJson(const MessageDetail& detail) {
  const std::string& metadata = detail.message.content.metadata;
  std::string text;
  text.reserve(1024 + detail.message.content.body.size() + metadata.size());
  JsonWriter json(text);
  json.beginObject();
  writeMembers(json, detail.message);
  json.name("metadata").raw(metadata.empty() ? std::string_view("{}") : metadata);
  json.member("customer_id", detail.customer);
  json.member("idempotency_key", detail.key.hex());
  json.member("policy_hash", detail.policy.hex());
  json.member("accepted_at", detail.accepted_at);
  json.member("persisted_at", detail.persisted_at);
  json.name("attempts").beginArray();
  for (const AttemptView& attempt : detail.attempts) write(json, attempt);
  json.endArray();
  writeWaits(json, detail.waits);
  json.endObject();
  return text;
}

}  // namespace penstock
