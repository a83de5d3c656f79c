#pragma once

#include "penstock/time.h"

#include <boost/intrusive/list.hpp>

#include <array>
#include <chrono>
#include <cstdint>

namespace penstock {

/// Deadlines of one loop, kept to a tenth of a second: setting one is a store, and only what is due is looked at.
/// [one thread]
class TimerWheel {
public:
  static constexpr std::chrono::milliseconds kTick{100};
  static constexpr SteadyTime kNever = SteadyTime::max();

  /// Something with one deadline. Leaves the wheel by itself when destroyed.
  class Entry : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  public:
    virtual ~Entry() = default;
    /// The deadline has passed. The entry is in the wheel no more, until set again.
    virtual void expire(SteadyTime now) noexcept = 0;

  private:
    friend class TimerWheel;
    std::uint64_t due_ = 0;   ///< tick of the deadline
    std::uint64_t slot_ = 0;  ///< tick at which the entry is looked at, never after due_
  };

  explicit TimerWheel(SteadyTime start) : start_(start) {}

  /// Sets or moves the entry's deadline; it expires at the first tick after `at`.
  void set(Entry& entry, SteadyTime at);
  static void remove(Entry& entry) {
    if (entry.is_linked()) entry.unlink();
  }

  /// Expires what is due.
  void advance(SteadyTime now);

  /// Calls `visit` with every entry, which may remove itself or others.
  template <typename Visit>
  void forEach(Visit visit) {
    List all;
    for (List& slot : slots_) all.splice(all.end(), slot);
    while (!all.empty()) {
      Entry& entry = all.front();
      all.pop_front();
      place(entry);
      visit(entry);
    }
  }

private:
  using List = boost::intrusive::list<Entry, boost::intrusive::constant_time_size<false>>;
  static constexpr std::uint64_t kSlots = 256;

  std::uint64_t tickOf(SteadyTime at) const;
  void place(Entry& entry);

  const SteadyTime start_;
  std::uint64_t now_ = 0;  ///< last tick that was looked at
  std::array<List, kSlots> slots_;
};

}  // namespace penstock
