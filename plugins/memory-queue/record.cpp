#include "memory-queue/record.h"

#include <algorithm>

namespace penstock::memory_queue {

std::uint64_t History::bytes() const {
  std::uint64_t sum = reason.size() + cause.size() + provider.size();
  for (const Failure& failure : failures) sum += sizeof failure + failure.reason.size();
  return sum;
}

Record::Record(const Event& event)
    : text(std::make_shared<const std::string>(serialize(event))),
      id(event.id),
      key(event.key),
      fingerprint(event.fingerprint),
      conversation(Digest128::of({event.customer, event.conversation})),
      customer(event.customer),
      provider(event.content.provider),
      kind(event.kind) {}

History& Record::past() {
  if (!history) history = std::make_unique<History>();
  return *history;
}

void Record::addFailure(WallTime at, std::string_view why) {
  auto& failures = past().failures;
  if (failures.size() == kFailuresKept) failures.erase(failures.begin());
  failures.push_back({at, attempt, std::string(clipped(why))});
}

Duration bounded(Duration step) {
  return std::clamp(step, Duration::zero(), std::chrono::duration_cast<Duration>(std::chrono::years(10)));
}

SteadyTime after(SteadyTime now, Duration step) { return now + bounded(step); }

std::string_view clipped(std::string_view reason) {
  if (reason.size() <= kReasonBytes) return reason;
  std::size_t end = kReasonBytes;
  while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xC0) == 0x80) --end;
  return reason.substr(0, end);
}

}  // namespace penstock::memory_queue
