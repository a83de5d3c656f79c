#pragma once

#include "logging/destination.h"
#include "penstock/metrics.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace penstock {

/// Takes lines from any thread without ever waiting for the destination; one thread of its own writes them in batches,
/// in the order in which they came. Lines that find no room are dropped, counted, and reported by a line.
class LineSink {
public:
  struct Options {
    std::string destination;
    std::size_t capacity = 4U << 20U;  ///< bytes; the last quarter is kept for important lines
    /// Makes the line that reports how many were dropped.
    std::function<std::string(std::uint64_t dropped)> report;
    /// How long stop waits for a destination that takes nothing; for a slow one five times as long.
    std::chrono::milliseconds stop_patience{2000};
  };

  /// [throws: std::system_error]
  explicit LineSink(Options options);
  ~LineSink();
  LineSink(const LineSink&) = delete;
  LineSink& operator=(const LineSink&) = delete;

  bool isTerminal() const { return terminal_; }

  /// Takes a line, which ends with a newline. False when it was dropped. After stop it is written at once, if that goes
  /// within 100 ms. [any thread] [does not block, but see after stop]
  bool append(std::string_view line, bool important) noexcept;

  /// Waits until all lines appended before are written, or `patience` is over; not at all for a destination that takes
  /// nothing. [any thread] [blocks: up to patience]
  void flush(std::chrono::milliseconds patience) noexcept;

  /// Opens the file anew, as after a rotation; the next batch goes there. [any thread] [throws: std::system_error; then
  /// the old file stays]
  void reopen();

  /// Counts drops with `counter` from now on, and adds those that nobody has counted; nullptr ends it. [any thread]
  void countDrops(Counter* counter) noexcept;

  std::uint64_t dropped() const noexcept;

  /// Writes what is left and ends the thread. Idempotent. [blocks: up to the destination's pace, see Options]
  void stop() noexcept;

private:
  using Steady = std::chrono::steady_clock;

  void run() noexcept;
  bool work(std::unique_lock<std::mutex>& lock);
  void gather(std::unique_lock<std::mutex>& lock);
  std::uint64_t addReport();
  std::size_t writeOut(std::unique_lock<std::mutex>& lock, std::string_view bytes);
  void drop(std::uint64_t lines) noexcept;
  bool patient() const;

  const Options options_;
  std::unique_ptr<Destination> destination_;  // the thread's own; after stop guarded by mutex_
  const bool terminal_;

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable wake_;
  std::condition_variable written_;
  std::string filling_;
  std::uint64_t filling_lines_ = 0;
  std::string writing_;            // the thread's own while it writes
  std::size_t writing_bytes_ = 0;  // of writing_, as others see it
  std::uint64_t appended_ = 0;     // lines, ever
  std::uint64_t finished_ = 0;     // lines, written or dropped since
  std::uint64_t dropped_ = 0;
  std::uint64_t unreported_ = 0;
  std::uint64_t uncounted_ = 0;
  Steady::time_point last_report_{};
  Counter* counter_ = nullptr;
  std::unique_ptr<Destination> fresh_;
  bool idle_ = false;
  bool urgent_ = false;
  bool stuck_ = false;
  bool stopping_ = false;
  bool stopped_ = false;
  Steady::time_point stop_deadline_{};
  Steady::time_point stop_limit_{};
  std::mutex joining_;
  std::thread thread_;
};

}  // namespace penstock
