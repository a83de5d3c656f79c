#include "policy/fence.h"

#include <cstdlib>
#include <ctime>

namespace penstock {
namespace {

std::int64_t threadNanoseconds() noexcept {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

void Fence::start(Duration processor_time) noexcept {
  processor_time_ = processor_time;
  measures_ = true;
  expired_ = false;
  steps_ = 0;
  fresh_ = 0;
  started_ = std::chrono::steady_clock::now();
  processor_at_first_look_ = -1;
}

// Asking for processor time is a system call, so short calls never get there: it counts from the first look.
bool Fence::timeIsOver() noexcept {
  if (!measures_ || expired_) return measures_ && expired_;
  if (processor_at_first_look_ < 0) processor_at_first_look_ = threadNanoseconds();
  if (std::chrono::steady_clock::now() - started_ <= processor_time_) return false;
  const auto spent = std::chrono::nanoseconds(threadNanoseconds() - processor_at_first_look_);
  expired_ = spent > processor_time_;
  return expired_;
}

void Fence::lookAtClock(lua_State* lua) {
  steps_ = 0;
  if (!timeIsOver()) return;
  // A light value, because making a message could fail for want of memory.
  lua_pushlightuserdata(lua, this);
  lua_error(lua);
}

void* Fence::allocate(void* self, void* block, std::size_t old_size, std::size_t size) noexcept {
  auto& fence = *static_cast<Fence*>(self);
  if (block == nullptr) old_size = 0;  // it then tells the kind of object
  if (size == 0) {
    std::free(block);
    fence.used_ -= old_size;
    return nullptr;
  }
  if (size > old_size) {
    if (size > fence.largestBlock() || fence.used_ - old_size + size > fence.memory_) return nullptr;
    fence.fresh_ += size - old_size;
    if (fence.fresh_ >= kBytesBetweenLooks) {
      fence.fresh_ = 0;
      if (fence.timeIsOver()) return nullptr;
    }
  }
  void* moved = std::realloc(block, size);
  if (moved == nullptr) return size > old_size ? nullptr : block;  // Lua relies on shrinking never to fail
  fence.used_ += size;
  fence.used_ -= old_size;
  return moved;
}

}  // namespace penstock
