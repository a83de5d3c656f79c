#include "http-ingest/dead_letter_views.h"

#include "penstock/json.h"

namespace penstock {
namespace {

constexpr std::size_t kExpectedItemBytes = 512;

/// An empty text, time or digest stands for nothing.
void writeOrNull(JsonWriter& json, std::string_view name, std::string_view text) {
  json.name(name);
  if (text.empty())
    json.null();
  else
    json.value(text);
}

std::string textOrNone(const Digest128& digest) { return digest == Digest128{} ? std::string() : digest.hex(); }
std::string textOrNone(WallTime time) { return time == WallTime{} ? std::string() : formatTime(time); }

void writeMembers(JsonWriter& json, const DeadLetter& letter) {
  json.member("id", letter.event.id.text());
  json.member("reason", letter.reason);
  json.member("cause", letter.cause);
  writeOrNull(json, "provider", letter.provider);
  json.member("kind", word(letter.event.kind));
  json.member("customer_id", letter.event.customer);
  json.member("attempts", letter.attempts);
  json.member("replays", letter.replays);
  json.member("dead_at", letter.dead_at);
  json.name("failures").beginArray();
  for (const Failure& failure : letter.failures) {
    json.beginObject();
    json.member("at", failure.at).member("attempt", failure.attempt).member("reason", failure.reason);
    json.endObject();
  }
  json.endArray();
}

/// Of what cannot be read no more than id, kind and customer are known.
bool readable(const Event& event) {
  return !event.conversation.empty() || !event.content.from.empty() || !event.content.body.empty();
}

void writeMessage(JsonWriter& json, const Event& event) {
  const Content& content = event.content;
  json.beginObject();
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
  json.name("attachments").beginArray();
  for (const std::string& attachment : content.attachments) json.value(attachment);
  json.endArray();
  json.member("timestamp", content.timestamp);
  writeOrNull(json, "provider_message_id", content.provider_message_id);
  writeOrNull(json, "status", content.status);
  json.name("metadata").raw(content.metadata.empty() ? std::string_view("{}") : content.metadata);
  json.endObject();
}

}  // namespace

std::string toJson(const DeadLetterPage& listing, Page page) {
  std::string text;
  text.reserve(128 + listing.items.size() * kExpectedItemBytes);
  JsonWriter json(text);
  json.beginObject().name("items").beginArray();
  for (const DeadLetter& letter : listing.items) {
    json.beginObject();
    writeMembers(json, letter);
    json.endObject();
  }
  json.endArray().name("meta").beginObject();
  json.member("page", page.number);
  json.member("page_size", page.size);
  json.member("total", listing.total);
  json.endObject().endObject();
  return text;
}

std::string toJson(const DeadLetter& letter) {
  const Event& event = letter.event;
  std::string text;
  text.reserve(1024 + event.content.body.size() + event.content.metadata.size());
  JsonWriter json(text);
  json.beginObject();
  writeMembers(json, letter);
  writeOrNull(json, "conversation_key", event.conversation);
  writeOrNull(json, "idempotency_key", textOrNone(event.key));
  writeOrNull(json, "policy_hash", textOrNone(event.policy));
  writeOrNull(json, "accepted_at", textOrNone(event.accepted_at));
  writeOrNull(json, "request_id", event.request_id);
  json.name("message");
  if (readable(event))
    writeMessage(json, event);
  else
    json.null();
  json.endObject();
  return text;
}

std::string toJson(std::span<const DeadLetterGroup> groups) {
  std::string text;
  JsonWriter json(text);
  json.beginObject().name("items").beginArray();
  for (const DeadLetterGroup& group : groups) {
    json.beginObject();
    json.member("cause", group.cause);
    json.member("reason", group.reason);
    json.member("count", group.count);
    json.member("first_dead_at", group.first_dead_at);
    json.member("last_dead_at", group.last_dead_at);
    json.endObject();
  }
  json.endArray().endObject();
  return text;
}

std::string countToJson(std::string_view what, std::uint64_t count) {
  std::string text;
  JsonWriter(text).beginObject().member(what, count).endObject();
  return text;
}

}  // namespace penstock
