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

/// Looks names up on threads of its own and remembers them for a bounded time. Each name is looked up once, however
/// many ask for it at the same time.
class Resolver {
public:
  using Answer = UniqueFunction<void(const Resolution&)>;

  Resolver(Lookup lookup, std::size_t threads, Duration memory, Clock& clock, Counter& lookups, Counter& exceptions,
           const Log& log);
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
    std::vector<Address> addresses;
    SteadyTime until{};
  };

  void run(const std::stop_token& stop);
  Resolution look(const std::string& host);
  void remember(const std::string& host, const Resolution& found);

  Lookup lookup_;
  Duration memory_;
  Clock& clock_;
  Counter& lookups_;
  Counter& exceptions_;
  Log log_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, Remembered> remembered_;
  std::map<std::string, std::vector<Answer>> waiting_;
  std::deque<std::string> queue_;
  std::vector<std::jthread> threads_;  // last, so that they end before what they use
};

}  // namespace penstock::http_transport
