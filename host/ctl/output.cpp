#include "ctl/output.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ostream>

namespace penstock::ctl {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::size_t charactersIn(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

/// Bytes of a character that must not reach a terminal, or 0: C0 and DEL, C1 controls (U+0080 to U+009F), and what
/// turns the reading order (U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069).
std::size_t dangerous(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  if (byte(0) < 0x20 || byte(0) == 0x7F) return 1;
  if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) <= 0x9F) return 2;
  if (byte(0) != 0xE2) return 0;
  const bool marks = byte(1) == 0x80 && (byte(2) == 0x8E || byte(2) == 0x8F || (byte(2) >= 0xAA && byte(2) <= 0xAE));
  const bool isolates = byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9;
  return marks || isolates ? 3 : 0;
}

std::string decimals(double number, int places) {
  std::array<char, 400> digits;  // of the largest double in this form
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed, places).ptr;
  return {digits.data(), end};
}

}  // namespace

std::string printable(std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const std::size_t bad = dangerous(text);
    for (std::size_t i = 0; i < bad; ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      shown.append("\\x").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 0x0F]);
    }
    if (bad == 0) shown.push_back(text.front());
    text.remove_prefix(std::max<std::size_t>(bad, 1));
  }
  return shown;
}

std::string shortened(std::string_view text, std::size_t characters) {
  if (charactersIn(text) <= characters) return std::string(text);
  std::size_t end = 0;
  for (std::size_t seen = 0; end < text.size(); ++end)
    if (!continues(text[end]) && ++seen == characters) break;
  return std::string(text.substr(0, end)) + "…";
}

std::string plural(std::uint64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string span(double seconds) {
  if (!(seconds >= 0)) return "-";
  if (seconds < 0.9995) return decimals(seconds * 1000, 0) + " ms";
  if (seconds < 59.95) return decimals(seconds, 1) + " s";
  struct Unit {
    std::uint64_t seconds;
    const char* name;
  };
  constexpr std::array kUnits{Unit{86400, "d"}, Unit{3600, "h"}, Unit{60, "min"}, Unit{1, "s"}};
  const auto whole = static_cast<std::uint64_t>(std::min(seconds + 0.5, 1e15));
  std::size_t i = 0;
  while (whole < kUnits[i].seconds) ++i;
  std::string text = std::to_string(whole / kUnits[i].seconds) + " " + kUnits[i].name;
  const std::uint64_t rest = whole % kUnits[i].seconds / kUnits[i + 1].seconds;
  return rest == 0 ? text : text + " " + std::to_string(rest) + " " + kUnits[i + 1].name;
}

std::string figure(double number) {
  if (!std::isfinite(number)) return "-";
  const bool whole = std::trunc(number) == number;
  if (!whole && std::abs(number) < 9.995) return decimals(number, 2);
  if (!whole && std::abs(number) < 99.95) return decimals(number, 1);
  std::string digits = decimals(number, 0);
  const std::size_t first = digits.front() == '-' ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string bytes(double number) {
  constexpr std::array kUnits{"B", "KB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; number >= 1024 && unit + 1 < kUnits.size(); ++unit) number /= 1024;
  return decimals(number, unit == 0 ? 0 : 1) + " " + kUnits.at(unit);
}

void Table::print(std::ostream& out) const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], charactersIn(row[i]));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i)
      out << row[i] << std::string(widths[i] - charactersIn(row[i]) + 2, ' ');
    out << row.back() << '\n';
  }
}

}  // namespace penstock::ctl
