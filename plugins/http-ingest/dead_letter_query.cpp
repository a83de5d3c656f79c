#include "http-ingest/dead_letter_query.h"

#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace penstock {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kLargestCap = 100'000;
constexpr std::size_t kMostIds = 100;
constexpr std::size_t kLongestText = 1024;  // engines keep no longer reason
constexpr std::size_t kCauseDigits = 16;
constexpr Duration kLongestSpread = std::chrono::days(7);
constexpr Duration kLongestAge = std::chrono::days(36'500);

constexpr std::array<std::string_view, 8> kFilterNames{"reason",   "provider", "cause",  "kind",
                                                       "customer", "since",    "before", "age"};

/// A whole number and one unit: 500ms, 30s, 10m, 36h, 30d.
std::optional<Duration> readSpan(std::string_view text, Duration longest) {
  struct Unit {
    std::string_view name;
    Duration length;
  };
  constexpr std::array kUnits{Unit{"ms", std::chrono::milliseconds(1)}, Unit{"s", std::chrono::seconds(1)},
                              Unit{"m", std::chrono::minutes(1)}, Unit{"h", std::chrono::hours(1)},
                              Unit{"d", std::chrono::days(1)}};
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  for (const Unit& unit : kUnits)
    if (text == unit.name && number <= static_cast<std::uint64_t>(longest / unit.length))
      return unit.length * static_cast<std::int64_t>(number);
  return std::nullopt;
}

bool isCause(std::string_view text) {
  return text.size() == kCauseDigits &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// Takes the filter's members one by one, by name.
class FilterReader {
public:
  FilterReader(WallTime now, std::vector<Fault>& faults, std::string prefix)
      : now_(now), faults_(faults), prefix_(std::move(prefix)) {}

  void take(std::string_view name, std::string_view text) {
    if (name == "kind") return takeKind(text);
    if (name == "since") return takeTime(name, text, filter_.dead_since);
    if (name == "before") return takeTime(name, text, before_);
    if (name == "age") return takeAge(text);
    if (text.size() > kLongestText || text.find('\0') != std::string_view::npos)
      return fault(name, "must have at most " + std::to_string(kLongestText) + " bytes and no U+0000");
    if (name == "cause" && !isCause(text)) return fault(name, "must be 16 lower-case hexadecimal digits");
    textOf(name) = std::string(text);
  }

  void takeIds(const json::value& value) {
    const auto* ids = value.if_array();
    if (ids == nullptr || ids->empty() || ids->size() > kMostIds)
      return fault("ids", "must be a list of 1 to " + std::to_string(kMostIds) + " UUIDs");
    for (const json::value& each : *ids) {
      const auto id = each.is_string() ? Uuid::parse(each.get_string()) : std::nullopt;
      if (!id) return fault("ids", "must hold nothing but UUIDs");
      filter_.ids.push_back(*id);
    }
  }

  void fault(std::string_view name, std::string message) {
    faults_.push_back({prefix_ + std::string(name), std::move(message)});
  }

  DeadLetterFilter finish() {
    if (before_ && age_) fault("age", "must not be given together with before");
    // What has been dead for so long died at that moment or before it.
    filter_.dead_before = age_ ? std::optional(now_ - *age_ + Duration(1)) : before_;
    return std::move(filter_);
  }

private:
  std::optional<std::string>& textOf(std::string_view name) {
    if (name == "reason") return filter_.reason;
    if (name == "provider") return filter_.provider;
    return name == "cause" ? filter_.cause : filter_.customer;
  }
  void takeKind(std::string_view text) {
    filter_.kind = parseKind(text);
    if (!filter_.kind) fault("kind", "must be outbound_message, inbound_message or delivery_status");
  }
  void takeTime(std::string_view name, std::string_view text, std::optional<WallTime>& into) {
    into = parseTime(text);
    if (!into) fault(name, "must be a time with a zone, such as 2026-03-01T12:00:00Z");
  }
  void takeAge(std::string_view text) {
    age_ = readSpan(text, kLongestAge);
    if (!age_) fault("age", "must be a whole number and one of ms, s, m, h and d, such as 36h");
  }

  const WallTime now_;
  std::vector<Fault>& faults_;
  const std::string prefix_;
  DeadLetterFilter filter_;
  std::optional<WallTime> before_;
  std::optional<Duration> age_;
};

DeadLetterFilter readFilter(const json::object& members, WallTime now, std::vector<Fault>& faults) {
  FilterReader reader(now, faults, "filter.");
  for (const auto& [name, value] : members) {
    if (name == "ids")
      reader.takeIds(value);
    else if (std::ranges::find(kFilterNames, std::string_view(name)) == kFilterNames.end())
      reader.fault(name, "is not known");
    else if (!value.is_string())
      reader.fault(name, "must be text");
    else
      reader.take(name, value.get_string());
  }
  return reader.finish();
}

std::optional<std::uint64_t> readCap(const json::value& value) {
  boost::system::error_code error;
  const auto cap = value.is_int64() || value.is_uint64() ? value.to_number<std::uint64_t>(error) : std::uint64_t{0};
  if (error.failed() || cap < 1 || cap > kLargestCap) return std::nullopt;
  return cap;
}

}  // namespace

DeadLetterFilter readFilter(const HttpRequest& request, WallTime now, std::vector<Fault>& faults) {
  FilterReader reader(now, faults, "");
  for (const std::string_view name : kFilterNames)
    if (const auto text = request.parameter(name)) reader.take(name, *text);
  return reader.finish();
}

ReplayOrder readReplay(const json::object& members, WallTime now, std::vector<Fault>& faults) {
  ReplayOrder order;
  if (!members.contains("filter")) faults.push_back({"filter", "is required; {} matches every dead letter"});
  for (const auto& [name, value] : members) {
    if (name == "filter") {
      if (const auto* filter = value.if_object())
        order.filter = readFilter(*filter, now, faults);
      else
        faults.push_back({"filter", "must be an object"});
    } else if (name == "cap") {
      const auto cap = readCap(value);
      if (!cap) faults.push_back({"cap", "must be a whole number from 1 to " + std::to_string(kLargestCap)});
      order.cap = cap.value_or(order.cap);
    } else if (name == "spread") {
      const auto spread = value.is_string() ? readSpan(value.get_string(), kLongestSpread) : std::nullopt;
      if (!spread)
        faults.push_back({"spread", "must be a whole number and one of ms, s, m, h and d, at most 7d, such as 10m"});
      order.spread = spread.value_or(order.spread);
    } else {
      faults.push_back({std::string(name), "is not known"});
    }
  }
  return order;
}

}  // namespace penstock
