#include "penstock/event.h"

#include "penstock/json.h"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace penstock {
namespace {

namespace json = boost::json;

std::string text(const json::object& members, std::string_view name) {
  const json::value* found = members.if_contains(name);
  if (found == nullptr || !found->is_string()) throw UnreadableEvent("event has no text member " + std::string(name));
  const json::string& value = found->get_string();
  return {value.data(), value.size()};
}

std::int64_t number(const json::object& members, std::string_view name) {
  const json::value* found = members.if_contains(name);
  if (found == nullptr || !found->is_int64()) throw UnreadableEvent("event has no whole number " + std::string(name));
  return found->get_int64();
}

template <typename Value>
Value required(std::optional<Value> value, std::string_view name) {
  if (!value) throw UnreadableEvent("event has an unreadable " + std::string(name));
  return *value;
}

WallTime time(const json::object& members, std::string_view name) { return WallTime(Duration(number(members, name))); }

std::vector<std::string> texts(const json::object& members, std::string_view name) {
  const json::value* found = members.if_contains(name);
  if (found == nullptr || !found->is_array()) throw UnreadableEvent("event has no array " + std::string(name));
  std::vector<std::string> result;
  result.reserve(found->get_array().size());
  for (const json::value& item : found->get_array()) {
    if (!item.is_string()) throw UnreadableEvent("event has an unreadable " + std::string(name));
    result.emplace_back(item.get_string().data(), item.get_string().size());
  }
  return result;
}

Content readContent(const json::object& members) {
  Content content;
  content.channel = required(parseChannel(text(members, "channel")), "channel");
  content.type = required(parseMessageType(text(members, "type")), "type");
  content.from = text(members, "from");
  content.to = text(members, "to");
  content.subject = text(members, "subject");
  content.body = text(members, "body");
  content.attachments = texts(members, "attachments");
  content.timestamp = time(members, "timestamp");
  content.provider = text(members, "provider");
  content.provider_message_id = text(members, "provider_message_id");
  content.status = text(members, "status");
  if (members.contains("message_id"))
    content.message_id = required(Uuid::parse(text(members, "message_id")), "message_id");
  const json::value* metadata = members.if_contains("metadata");
  if (metadata == nullptr || !metadata->is_string()) throw UnreadableEvent("event has no text member metadata");
  content.metadata.assign(metadata->get_string().data(), metadata->get_string().size());
  return content;
}

}  // namespace

std::string serialize(const Event& event) {
  const Content& content = event.content;
  std::string out;
  out.reserve(640 + content.body.size() + content.metadata.size());
  JsonWriter writer(out);
  writer.beginObject()
      .member("schema_version", event.schema_version)
      .member("kind", word(event.kind))
      .member("id", std::string_view(event.id.text()))
      .member("customer", std::string_view(event.customer))
      .member("key", std::string_view(event.key.hex()))
      .member("fingerprint", std::string_view(event.fingerprint.hex()))
      .member("conversation", std::string_view(event.conversation))
      .member("participant_a", std::string_view(event.participant_a))
      .member("participant_b", std::string_view(event.participant_b))
      .member("policy", std::string_view(event.policy.hex()))
      .member("accepted_at", std::int64_t{event.accepted_at.time_since_epoch().count()})
      .member("request_id", std::string_view(event.request_id))
      .member("channel", word(content.channel))
      .member("type", word(content.type))
      .member("from", std::string_view(content.from))
      .member("to", std::string_view(content.to))
      .member("subject", std::string_view(content.subject))
      .member("body", std::string_view(content.body));
  writer.name("attachments").beginArray();
  for (const std::string& url : content.attachments) writer.value(std::string_view(url));
  writer.endArray()
      .member("timestamp", std::int64_t{content.timestamp.time_since_epoch().count()})
      .member("provider", std::string_view(content.provider))
      .member("provider_message_id", std::string_view(content.provider_message_id))
      .member("status", std::string_view(content.status))
      .member("metadata", std::string_view(content.metadata));
  if (content.message_id) writer.member("message_id", std::string_view(content.message_id->text()));
  writer.endObject();
  return out;
}

Event parseEvent(std::string_view serialized) {
  unsigned char memory[8192];
  json::monotonic_resource resource(memory, sizeof memory);
  boost::system::error_code fault;
  const json::value document = json::parse(json::string_view(serialized.data(), serialized.size()), fault, &resource);
  if (fault || !document.is_object()) throw UnreadableEvent("event is not a JSON object");
  const json::object& members = document.get_object();

  Event event;
  const std::int64_t version = number(members, "schema_version");
  if (version < 1 || version > Event::kSchemaVersion)
    throw UnreadableEvent("event has schema_version " + std::to_string(version) + ", this build reads up to " +
                          std::to_string(Event::kSchemaVersion));
  event.schema_version = static_cast<std::uint32_t>(version);
  event.kind = required(parseKind(text(members, "kind")), "kind");
  event.id = required(Uuid::parse(text(members, "id")), "id");
  event.customer = text(members, "customer");
  event.key = required(Digest128::parse(text(members, "key")), "key");
  event.fingerprint = required(Digest128::parse(text(members, "fingerprint")), "fingerprint");
  event.conversation = text(members, "conversation");
  event.participant_a = text(members, "participant_a");
  event.participant_b = text(members, "participant_b");
  event.policy = required(Digest128::parse(text(members, "policy")), "policy");
  event.accepted_at = time(members, "accepted_at");
  event.request_id = text(members, "request_id");
  event.content = readContent(members);
  return event;
}

}  // namespace penstock
