#include "shared/durable/item.h"

#include <algorithm>

namespace penstock::durable {
namespace {

constexpr std::size_t kReasonBytes = 1024;

}  // namespace

Duration bounded(Duration step) {
  return std::clamp(step, Duration::zero(), std::chrono::duration_cast<Duration>(std::chrono::years(10)));
}

std::string_view clipped(std::string_view reason) {
  if (reason.size() <= kReasonBytes) return reason;
  std::size_t end = kReasonBytes;
  while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xC0) == 0x80) --end;
  return reason.substr(0, end);
}

}  // namespace penstock::durable
