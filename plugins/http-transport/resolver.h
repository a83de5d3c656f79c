#pragma once

#include "http-transport/address.h"

#include "penstock/clock.h"
#include "penstock/log.h"
#include "penstock/metrics.h"
#include "penstock/unique_function.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace penstock::http_transport {

/// What a name stands for, or why that is not known.
struct Resolution {
  std::vector<Address> addresses;
  std::string fault;  ///< a sentence if there are no addresses
};

/// Looks one name up, at the system's name service outside of tests. [any thread] [blocks]
using Lookup = std::function<Resolution(const std::string& host)>;
Resolution lookUp(const std::string& host);

/// How long an answer is remembered; zero: not at all.
struct ResolverMemory {
  Duration found{};
  Duration failed{};
};

/// Looks names up on threads of its own and remembers them for a bounded time. Each name is looked up once, however
/// many ask for it at the same time. Names that took long the last time are looked up by half of the threads at most,
/// so that a name service which hangs for some names is there for the others.
class Resolver {
public:
  using Answer = UniqueFunction<void(const Resolution&)>;

  Resolver(Lookup lookup, std::size_t threads, ResolverMemory memory, Clock& clock, Counter& lookups,
           Counter& exceptions, const Log& log);
  ~Resolver() { stop(); }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Answers before it returns if the name is remembered, otherwise on another thread, or never after stop.
  /// [any thread] [does not block]
  void ask(const std::string& host, Answer answer);

  /// [blocks: for the lookups under way]
  void stop() noexcept;

private:
  struct Remembered {
    Resolution resolution;
    SteadyTime until{};
    bool slow = false;  ///< which holds beyond `until`
  };

  void run(const std::stop_token& stop);
  bool hasWork() const { return !queue_.empty() || (!slow_queue_.empty() && slow_lookups_ < most_slow_); }
  Resolution look(const std::string& host);
  void remember(const std::string& host, const Resolution& found, bool slow);

  Lookup lookup_;
  const ResolverMemory memory_;
  const std::size_t most_slow_;
  Clock& clock_;
  Counter& lookups_;
  Counter& exceptions_;
  Log log_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, Remembered> remembered_;
  std::map<std::string, std::vector<Answer>> waiting_;
  std::deque<std::string> queue_;
  std::deque<std::string> slow_queue_;
  std::size_t slow_lookups_ = 0;       ///< under way
  std::vector<std::jthread> threads_;  // last, so that they end before what they use
};

}  // namespace penstock::http_transport
