#include "shared/store/columns.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <cstring>

namespace penstock::store {

namespace {

constexpr std::size_t kErrorBytes = 2048;
constexpr std::size_t kNameCharacters = 128;
constexpr std::size_t kValueBytes = 64 * 1024;

bool isContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return !isContinuation(byte); }));
}

}  // namespace

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

std::string_view shortened(std::string_view error) {
  if (error.size() <= kErrorBytes) return error;
  std::size_t end = kErrorBytes;
  while (end > 0 && isContinuation(error[end])) --end;
  return error.substr(0, end);
}

std::optional<MessageStatus> reportable(std::string_view word) {
  const auto status = parseMessageStatus(word);
  if (status == MessageStatus::Sent || status == MessageStatus::Delivered || status == MessageStatus::Read ||
      status == MessageStatus::Failed)
    return status;
  return std::nullopt;
}

MessageStatus initialStatus(Kind kind) {
  return kind == Kind::InboundMessage ? MessageStatus::Received : MessageStatus::Accepted;
}

void checkName(std::string_view name) {
  if (name.empty() || characters(name) > kNameCharacters)
    throw StoreRejected("the name of a shared value has 1 to " + std::to_string(kNameCharacters) + " characters");
}

void checkValue(std::string_view value) {
  if (value.size() > kValueBytes)
    throw StoreRejected("a shared value has at most " + std::to_string(kValueBytes) + " bytes");
}

}  // namespace penstock::store
