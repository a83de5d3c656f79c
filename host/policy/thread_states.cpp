#include "policy/thread_states.h"

#include <atomic>
#include <vector>

namespace penstock {
namespace {

std::uint64_t nextHost() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

ThreadStates::ThreadStates() : host_(nextHost()), alive_(std::make_shared<char>()) {}

ThreadStates::Slot& ThreadStates::slot() {
  thread_local std::vector<std::unique_ptr<Slot>> slots;
  for (const auto& slot : slots) {
    if (slot->host == host_) return *slot;
  }
  std::erase_if(slots, [](const auto& slot) { return slot->alive.expired(); });
  slots.push_back(std::make_unique<Slot>(Slot{host_, alive_, 0, nullptr}));
  return *slots.back();
}

}  // namespace penstock
