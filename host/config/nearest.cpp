#include "config/nearest.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace penstock {
namespace {

std::string normal(std::string_view key) {
  std::string text;
  for (const char c : key)
    if (c != '_' && c != '-') text += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::string_view lastPart(std::string_view key) { return key.substr(key.rfind('.') + 1); }

}  // namespace

std::optional<std::string> nearestKey(std::string_view key, std::span<const std::string> known) {
  const std::string wanted = normal(key);
  const std::size_t limit = std::clamp<std::size_t>(wanted.size() / 4, 1, 3);
  const std::string* nearest = nullptr;
  std::size_t least = limit + 1;
  for (const std::string& candidate : known) {
    if (key.size() > candidate.size() && key.starts_with(candidate) && key[candidate.size()] == '.') return candidate;
    const std::string other = normal(candidate);
    const std::size_t difference =
        other.size() > wanted.size() ? other.size() - wanted.size() : wanted.size() - other.size();
    if (difference > limit) continue;
    const std::size_t slips = distance(wanted, other);
    if (slips < least) {
      least = slips;
      nearest = &candidate;
    }
  }
  if (nearest != nullptr) return *nearest;
  const auto sameName = [&](const std::string& candidate) { return lastPart(candidate) == lastPart(key); };
  if (std::ranges::count_if(known, sameName) == 1) return *std::ranges::find_if(known, sameName);
  return std::nullopt;
}

}  // namespace penstock
