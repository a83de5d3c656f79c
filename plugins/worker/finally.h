#pragma once

#include "penstock/unique_function.h"

#include <utility>

namespace penstock {

/// Something to be done at the end, whichever way that comes. Moves only.
class Finally {
public:
  Finally() = default;
  explicit Finally(UniqueFunction<void()> action) : action_(std::move(action)) {}
  ~Finally() { now(); }
  Finally(Finally&& other) noexcept : action_(std::exchange(other.action_, {})) {}
  Finally& operator=(Finally&& other) noexcept {
    if (this != &other) {
      now();
      action_ = std::exchange(other.action_, {});
    }
    return *this;
  }

  /// Does it now, and not again.
  void now() noexcept {
    if (action_) std::exchange(action_, {})();
  }
  /// It is not to be done any more.
  void forget() noexcept { action_ = {}; }

private:
  UniqueFunction<void()> action_;
};

}  // namespace penstock
