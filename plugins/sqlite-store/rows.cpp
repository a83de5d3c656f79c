#include "sqlite-store/rows.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/error_code.hpp>

#include <cstring>

#include "penstock/event.h"

namespace penstock::sqlite_store {

TokenBytes column(const LeaseToken& token) {
  TokenBytes bytes{};
  std::memcpy(bytes.data(), token.words.data(), bytes.size());
  return bytes;
}

LeaseToken leaseToken(std::span<const std::uint8_t> column) {
  LeaseToken token;
  if (column.size() == sizeof token.words) std::memcpy(token.words.data(), column.data(), column.size());
  return token;
}

std::string listColumn(const std::vector<std::string>& values) {
  if (values.empty()) return "[]";
  boost::json::array array;
  for (const std::string& value : values) array.emplace_back(value);
  return boost::json::serialize(array);
}

std::vector<std::string> list(std::string_view column) {
  std::vector<std::string> values;
  if (column == "[]") return values;
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(column, error);
  if (const auto* array = error ? nullptr : parsed.if_array())
    for (const auto& item : *array)
      if (const auto* text = item.if_string()) values.emplace_back(text->data(), text->size());
  return values;
}

std::string waitsColumn(const std::map<std::string, Duration>& waits) {
  if (waits.empty()) return "{}";
  boost::json::object object;
  for (const auto& [cause, time] : waits) object[cause] = time.count();
  return boost::json::serialize(object);
}

std::map<std::string, Duration> waits(std::string_view column) {
  std::map<std::string, Duration> waits;
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(column, error);
  if (const auto* object = error ? nullptr : parsed.if_object())
    for (const auto& member : *object)
      if (const auto* time = member.value().if_int64()) waits.emplace(std::string(member.key()), Duration(*time));
  return waits;
}

MessageStatus statusOf(std::string_view column) { return parseMessageStatus(column).value_or(MessageStatus::Accepted); }

MessageView messageView(const sqlite::Rows& rows, int first) {
  MessageView view;
  int at = first;
  view.id = identity<Uuid>(rows.bytes(at++));
  view.conversation_id = rows.integer(at++);
  view.kind = rows.text(at++) == "inbound" ? Kind::InboundMessage : Kind::OutboundMessage;
  view.content.channel = parseChannel(rows.text(at++)).value_or(Channel::Sms);
  view.content.type = parseMessageType(rows.text(at++)).value_or(MessageType::Sms);
  view.content.from = rows.text(at++);
  view.content.to = rows.text(at++);
  view.content.timestamp = wallTime(rows.integer(at++));
  view.snippet = rows.text(at++);
  view.status = statusOf(rows.text(at++));
  view.provider = rows.text(at++);
  view.provider_message_id = rows.text(at++);
  view.content.subject = rows.text(at++);
  view.content.attachments = list(rows.text(at++));
  view.content.metadata = rows.text(at++);
  view.content.body = rows.text(at++);
  if (view.kind == Kind::InboundMessage) {
    view.content.provider = view.provider;
    view.content.provider_message_id = view.provider_message_id;
  }
  return view;
}

StoredMessage storedMessage(const sqlite::Rows& rows) {
  return {rows.integer(0), identity<Uuid>(rows.bytes(1)), rows.integer(2), statusOf(rows.text(3))};
}

}  // namespace penstock::sqlite_store
