#pragma once

#include "policy/script_state.h"

#include <cstdint>
#include <memory>

namespace penstock {

/// The script states of one host: one for each thread that asked, released when the thread ends, or once the host is
/// gone when the thread next meets another host. [any thread]
class ThreadStates {
public:
  struct Slot {
    std::uint64_t host = 0;
    std::weak_ptr<const void> alive;
    std::uint64_t epoch = 0;
    std::unique_ptr<ScriptState> state;
  };

  ThreadStates();

  /// This thread's slot, empty at first. Holds until the thread ends.
  Slot& slot();

private:
  const std::uint64_t host_;
  const std::shared_ptr<const void> alive_;
};

}  // namespace penstock
