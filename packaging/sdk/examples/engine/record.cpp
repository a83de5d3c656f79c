#include "record.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace example {
namespace {

using penstock::Duration;

constexpr std::size_t kReasonBytes = 1024;
constexpr std::size_t kFailuresKept = 50;
constexpr std::size_t kWaitCauses = 16;
constexpr std::size_t kWaitCauseBytes = 32;
constexpr Duration kLongest = std::chrono::duration_cast<Duration>(std::chrono::years(10));

bool isWord(std::string_view cause) {
  return !cause.empty() && cause.size() <= kWaitCauseBytes &&
         cause.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") ==
             std::string_view::npos;
}

/// The last place is for all other causes together.
void add(Waits& waits, const std::string& cause, Duration delay) {
  if (delay <= Duration::zero()) return;
  const bool room = waits.contains(cause) || waits.size() + (waits.contains("other") ? 0U : 1U) < kWaitCauses;
  Duration& sum = waits[isWord(cause) && room ? cause : "other"];
  sum = std::min(kLongest, sum + bounded(delay));
}

}  // namespace

Record::Record(penstock::Event published)
    : event(std::move(published)),
      lane(event.customer + '\0' + event.conversation),
      bytes(penstock::serialize(event).size()) {}

void Record::fail(penstock::WallTime now, std::string_view reason) {
  if (letter.failures.size() == kFailuresKept) letter.failures.erase(letter.failures.begin());
  letter.failures.push_back({now, attempt, std::string(clipped(reason))});
}

Waits waitsAfter(const Waits& before, const penstock::RetryAfter& retry) {
  Waits waits;
  add(waits, "retry", retry.delay);
  for (const auto& [cause, time] : before)
    if (cause == "paused" || cause == "pace" || cause == "held_earlier") add(waits, "held_earlier", time);
  return waits;
}

Waits waitsAfter(const Waits& before, const penstock::Release& release) {
  Waits waits = before;
  add(waits, release.cause, release.delay);
  return waits;
}

Duration bounded(Duration step) { return std::clamp(step, Duration::zero(), kLongest); }

std::string_view clipped(std::string_view reason) {
  if (reason.size() <= kReasonBytes) return reason;
  std::size_t end = kReasonBytes;
  while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xC0) == 0x80) --end;
  return reason.substr(0, end);
}

}  // namespace example
