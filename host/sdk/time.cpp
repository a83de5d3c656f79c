#include "penstock/time.h"

#include <cstdio>

namespace penstock {
namespace {

using namespace std::chrono;

/// Reads exactly `count` digits and moves on.
std::optional<int> digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<sys_days> readDate(std::string_view& text) {
  const auto years = digits(text, 4);
  if (!years || !take(text, "-")) return std::nullopt;
  const auto months = digits(text, 2);
  if (!months || !take(text, "-")) return std::nullopt;
  const auto days = digits(text, 2);
  if (!days) return std::nullopt;
  const year_month_day date{year{*years}, month{static_cast<unsigned>(*months)}, day{static_cast<unsigned>(*days)}};
  if (!date.ok()) return std::nullopt;
  return sys_days{date};
}

std::optional<microseconds> readTimeOfDay(std::string_view& text) {
  const auto hour = digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ":")) return std::nullopt;
  const auto minute = digits(text, 2);
  if (!minute || *minute > 59 || !take(text, ":")) return std::nullopt;
  const auto second = digits(text, 2);
  if (!second || *second > 60) return std::nullopt;
  std::int64_t fraction = 0;
  if (take(text, ".")) {
    std::int64_t unit = 100'000;
    std::size_t count = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      fraction += (text.front() - '0') * unit;
      unit /= 10;
      text.remove_prefix(1);
      ++count;
    }
    if (count == 0) return std::nullopt;
  }
  return hours{*hour} + minutes{*minute} + seconds{*second} + microseconds{fraction};
}

std::optional<minutes> readZone(std::string_view& text) {
  if (take(text, "Zz")) return minutes{0};
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  const auto hour = digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ":")) return std::nullopt;
  const auto minute = digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  return sign * (hours{*hour} + minutes{*minute});
}

}  // namespace

std::string formatTime(WallTime time) {
  const auto day_start = floor<days>(time);
  const year_month_day date{day_start};
  const hh_mm_ss clock{floor<milliseconds>(time - day_start)};
  char buffer[40];
  const int length =
      std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return {buffer, static_cast<std::size_t>(length)};
}

std::optional<WallTime> parseTime(std::string_view text) {
  if (text.size() > 64) return std::nullopt;
  const auto date = readDate(text);
  if (!date || !take(text, "Tt ")) return std::nullopt;
  const auto time = readTimeOfDay(text);
  if (!time) return std::nullopt;
  const auto zone = readZone(text);
  if (!zone || !text.empty()) return std::nullopt;
  const WallTime result = WallTime{*date} + *time - *zone;
  constexpr WallTime kFirst{};
  constexpr WallTime kEnd{sys_days{year{10000} / January / 1}};
  if (result < kFirst || result >= kEnd) return std::nullopt;
  return result;
}

}  // namespace penstock
