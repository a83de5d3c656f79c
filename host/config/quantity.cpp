#include "config/quantity.h"

#include <array>
#include <charconv>
#include <limits>

namespace penstock {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Greatest first: formatting takes the first that divides.
constexpr std::array kDurationUnits{Unit{"d", 86'400'000'000}, Unit{"h", 3'600'000'000}, Unit{"m", 60'000'000},
                                    Unit{"s", 1'000'000},      Unit{"ms", 1'000},        Unit{"us", 1}};
constexpr std::array kSizeUnits{Unit{"TB", 1ULL << 40U}, Unit{"GB", 1ULL << 30U}, Unit{"MB", 1ULL << 20U},
                                Unit{"KB", 1ULL << 10U}, Unit{"", 1}};

constexpr auto kGreatest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

template <std::size_t Count>
std::optional<std::uint64_t> parse(std::string_view text, const std::array<Unit, Count>& units) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  for (const Unit& unit : units)
    if (text == unit.name && number <= kGreatest / unit.factor) return number * unit.factor;
  return std::nullopt;
}

template <std::size_t Count>
std::string format(std::uint64_t number, const std::array<Unit, Count>& units) {
  for (const Unit& unit : units)
    if (number % unit.factor == 0) return std::to_string(number / unit.factor) + std::string(unit.name);
  return std::to_string(number);
}

}  // namespace

std::optional<std::int64_t> parseInteger(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Duration> parseDuration(std::string_view text) {
  const auto microseconds = parse(text, kDurationUnits);
  if (!microseconds) return std::nullopt;
  return Duration(static_cast<std::int64_t>(*microseconds));
}

std::string formatDuration(Duration duration) {
  if (duration == Duration::zero()) return "0s";
  return format(static_cast<std::uint64_t>(duration.count()), kDurationUnits);
}

std::optional<std::uint64_t> parseSize(std::string_view text) { return parse(text, kSizeUnits); }

std::string formatSize(std::uint64_t bytes) { return bytes == 0 ? "0" : format(bytes, kSizeUnits); }

}  // namespace penstock
