#include "shared/dispatch/waits.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <system_error>
#include <variant>

namespace penstock::dispatch {
namespace {

constexpr Duration kLongest = std::chrono::duration_cast<Duration>(std::chrono::years(10));

bool isWord(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_' || character == '-' || character == '.';
}

std::string nameOf(std::string_view cause) {
  const bool named =
      !cause.empty() && cause.size() <= kWaitCauseBytes && std::all_of(cause.begin(), cause.end(), isWord);
  return std::string(named ? cause : kOtherCause);
}

/// Neither the number of causes nor a sum grows without bound, whatever is added.
void add(Waits& waits, std::string_view cause, Duration delay) {
  if (delay <= Duration::zero()) return;
  std::string name = nameOf(cause);
  const std::string other(kOtherCause);
  // The last place is for all the others together.
  const std::size_t most = kMostWaitCauses - (waits.contains(other) ? 0U : 1U);
  if (!waits.contains(name) && waits.size() >= most) name = other;
  Duration& sum = waits[name];
  sum = std::min(kLongest, sum + std::min(kLongest, delay));
}

std::string textOf(const Waits& waits) {
  std::string text;
  for (const auto& [cause, time] : waits) {
    if (!text.empty()) text += ' ';
    text.append(cause).append("=").append(std::to_string(time.count()));
  }
  return text;
}

}  // namespace

Waits readWaits(std::string_view text) {
  Waits waits;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    const std::size_t sign = pair.find('=');
    if (sign == std::string_view::npos) continue;
    const char* const end = pair.data() + pair.size();
    std::int64_t time = 0;
    const auto [rest, error] = std::from_chars(pair.data() + sign + 1, end, time);
    if (error == std::errc() && rest == end) add(waits, pair.substr(0, sign), Duration(time));
  }
  return waits;
}

std::string waitsAfter(std::string_view before, const Settlement& settlement) {
  Waits waits;
  if (const auto* retry = std::get_if<RetryAfter>(&settlement.outcome)) {
    add(waits, kRetryCause, retry->delay);
    for (const auto& [cause, time] : readWaits(before))
      if (cause == kPausedCause || cause == kPaceCause || cause == kHeldEarlierCause)
        add(waits, kHeldEarlierCause, time);
  } else if (const auto* release = std::get_if<Release>(&settlement.outcome)) {
    if (release->delay <= Duration::zero()) return std::string(before);
    waits = readWaits(before);
    add(waits, release->cause, release->delay);
  }
  return textOf(waits);
}

}  // namespace penstock::dispatch
