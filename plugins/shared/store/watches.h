#pragma once

#include "penstock/clock.h"
#include "penstock/control.h"
#include "penstock/health.h"
#include "penstock/log.h"
#include "penstock/metrics.h"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

namespace penstock::store {

/// A value and how often it has been set.
struct VersionedValue {
  std::string value;
  std::int64_t version = 0;
};

/// Watched values, looked at by one thread: at once when this process sets one, else every interval. Watches may
/// outlive it; they are silent then. [any thread]
class Watches {
public:
  using Look = std::function<std::optional<VersionedValue>(const std::string& name)>;

  /// `look` reads a value and may throw; `tick` runs every interval and must not. `loop` is the thread's name on the
  /// board.
  Watches(std::string loop, Clock& clock, Duration interval, HealthBoard& board, const Log& log, Counter& failures,
          Look look, std::function<void()> tick);
  ~Watches();
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

  std::unique_ptr<Watch> watch(std::string name, UniqueFunction<void(const std::string&)> changed);
  /// A value has been set by this process, or told to have been set.
  void changed();

private:
  struct Entry {
    std::string name;
    UniqueFunction<void(const std::string&)> callback;
    std::int64_t seen = 0;
    bool calling = false;
    bool ended = false;
  };
  struct Board;
  class Registration;

  void run(const std::stop_token& stop);
  void lookAll();
  void deliver(const std::shared_ptr<Entry>& entry);

  const std::string loop_;
  Clock& clock_;
  const Duration interval_;
  HealthBoard& board_;
  const Log log_;
  Counter& failures_;
  const Look look_;
  const std::function<void()> tick_;
  std::shared_ptr<Board> entries_;
  bool failing_ = false;  // the thread's own
  std::jthread thread_;
};

}  // namespace penstock::store
