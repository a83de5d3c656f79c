#pragma once

#include "penstock/time.h"

#include <lua.hpp>

#include <cstddef>
#include <cstdint>

namespace penstock {

/// What a Lua state may use up: processor time of each call, and memory. The time is looked at by a count hook while
/// Lua code runs, by charge() in host functions that work long without allocating, and by the allocator after each
/// megabyte; it is the thread's processor time, so that a busy machine fails nobody.
/// One state, one thread.
class Fence {
public:
  explicit Fence(std::uint64_t memory) : memory_(memory) {}

  /// A script call begins and may take this long.
  void start(Duration processor_time) noexcept;

  /// The call is over; what the host itself does in the state is not timed.
  void pause() noexcept { measures_ = false; }

  /// Tells that about `steps` nanoseconds of work follow or were done. Raises the deadline error in `lua` once the time
  /// is over; that error cannot be caught by a script.
  void charge(lua_State* lua, std::uint64_t steps) {
    steps_ += steps;
    if (steps_ >= kStepsBetweenLooks) lookAtClock(lua);
  }

  /// The time of the running call is over.
  bool expired() const noexcept { return expired_; }

  std::uint64_t used() const noexcept { return used_; }

  /// Largest single block, so that no string gets so long that one instruction on it takes long.
  std::size_t largestBlock() const noexcept { return static_cast<std::size_t>(memory_ / 8); }

  /// The allocator and the hook to give to Lua; `self` is the fence.
  static void* allocate(void* self, void* block, std::size_t old_size, std::size_t size) noexcept;
  void hook(lua_State* lua) { lookAtClock(lua); }
  static constexpr int kInstructionsBetweenLooks = 500;

private:
  static constexpr std::uint64_t kStepsBetweenLooks = 16384;
  static constexpr std::size_t kBytesBetweenLooks = 1 << 20;

  void lookAtClock(lua_State* lua);
  bool timeIsOver() noexcept;

  const std::uint64_t memory_;
  std::uint64_t used_ = 0;
  std::size_t fresh_ = 0;
  std::uint64_t steps_ = 0;
  bool expired_ = false;
  bool measures_ = false;
  Duration processor_time_{};
  SteadyTime started_{};
  std::int64_t processor_at_first_look_ = -1;
};

}  // namespace penstock
