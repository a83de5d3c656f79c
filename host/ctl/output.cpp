#include "ctl/output.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <ostream>

namespace penstock::ctl {
namespace {

constexpr std::string_view kGap = "   ";
constexpr std::size_t kLeastRoom = 10;    // for text in a window that has none
constexpr std::size_t kLeastColumn = 16;  // for the last column of a table

/// The first character of a text that is not empty: its bytes, and the cells that a terminal gives it.
struct Character {
  std::size_t bytes = 1;
  std::size_t cells = 1;
};

Character firstOf(std::string_view text) {
  utf8proc_int32_t point = -1;
  const auto size = static_cast<utf8proc_ssize_t>(text.size());
  const utf8proc_ssize_t bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), size, &point);
  if (bytes < 1) return {};
  const int cells = utf8proc_charwidth(point);
  return {static_cast<std::size_t>(bytes), static_cast<std::size_t>(std::max(cells, 0))};
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

std::size_t cellsIn(std::string_view text) {
  std::size_t cells = 0;
  while (!text.empty()) {
    const Character first = firstOf(text);
    cells += first.cells;
    text.remove_prefix(first.bytes);
  }
  return cells;
}

std::string_view fitting(std::string_view text, std::size_t cells) {
  std::size_t end = 0;
  while (end < text.size()) {
    const Character next = firstOf(text.substr(end));
    if (next.cells > cells) break;
    cells -= next.cells;
    end += next.bytes;
  }
  return text.substr(0, end);
}

std::string shortened(std::string_view text, std::size_t cells) {
  if (cells == 0) return {};
  if (fitting(text, cells).size() == text.size()) return std::string(text);
  return std::string(fitting(text, cells - 1)) + "…";
}

std::vector<std::string> wrapped(const std::string& title, std::span<const std::string> items, std::size_t columns) {
  const std::size_t indent = cellsIn(title);
  const std::size_t room = columns > indent + kLeastRoom ? columns - indent : kLeastRoom;
  std::vector<std::string> lines{title};
  std::size_t used = 0;
  const auto begin = [&] {
    lines.emplace_back(indent, ' ');
    used = 0;
  };
  for (std::string_view item : items) {
    std::size_t cells = cellsIn(item);
    if (used > 0 && used + kGap.size() + cells > room) begin();
    for (; cells > room; cells = cellsIn(item), begin()) {  // only so much of it has room: words, or what there is
      const std::string_view whole = fitting(item, room);
      const std::size_t space = item[whole.size()] == ' ' ? whole.size() : whole.rfind(' ');
      const std::size_t end = space == std::string_view::npos || space == 0 ? whole.size() : space;
      lines.back() += item.substr(0, end);
      item.remove_prefix(end);
      item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
    }
    if (used > 0) lines.back() += kGap;
    lines.back() += item;
    used += (used > 0 ? kGap.size() : 0) + cells;
  }
  return lines;
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

void Table::print(std::ostream& out, std::size_t columns, std::span<const std::size_t> spare) const {
  const std::size_t last = rows_.front().size() - 1;
  std::vector<std::size_t> widths(last + 1);
  for (const auto& row : rows_)
    for (std::size_t i = 0; i <= last; ++i) widths[i] = std::max(widths[i], cellsIn(row[i]) + (i < last ? 2 : 0));
  std::size_t before = std::accumulate(widths.begin(), widths.end() - 1, std::size_t{0});
  const std::size_t wanted = std::min(widths[last], kLeastColumn);
  for (const std::size_t left_out : spare) {
    if (columns - std::min(columns, before) >= wanted) break;
    before -= widths[left_out];
    widths[left_out] = 0;
  }
  const std::size_t room = before < columns ? columns - before : wanted;
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < last; ++i)
      if (widths[i] > 0) out << row[i] << std::string(widths[i] - cellsIn(row[i]), ' ');
    out << shortened(row[last], room) << '\n';
  }
}

}  // namespace penstock::ctl
