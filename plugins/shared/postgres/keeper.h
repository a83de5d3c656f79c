#pragma once

#include "penstock/plugin.h"
#include "shared/postgres/condition.h"
#include "shared/postgres/migrations.h"
#include "shared/postgres/observer.h"
#include "shared/postgres/session.h"
#include "shared/postgres/settings.h"

#include <functional>
#include <memory>
#include <stop_token>
#include <thread>

namespace penstock::postgres {

/// Keeps one session open that listens: it hears what other processes set, notices at once when the server goes, asks
/// it for signs of life, because a network or a server that hangs says nothing, and looks at how it is. It connects
/// again with backoff and jitter, and brings the schema up to date, or checks it, each time. [any thread]
class Keeper {
public:
  struct Calls {
    std::string what;                          ///< store or queue, as its lines in the log are named
    std::string_view listen;                   ///< the LISTEN of its session
    std::function<void()> told;                ///< another session told something
    std::function<void(bool)> checked;         ///< whether the schema may be used
    std::function<bool()> probe;               ///< whether it can be written to
    std::function<void(const Fault&)> silent;  ///< the server is there and does not answer
  };

  /// Tries once to connect; a server that cannot be reached is tried for in the background.
  /// [blocks: to the connect timeout, and for migrations] [throws: StartFailure when the schema is refused]
  Keeper(Context& context, const Settings& settings, Condition& condition, const DatabaseMetrics& metrics, Calls calls);
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  /// A call has found the database in trouble: look now.
  void look() noexcept;

private:
  void connect();
  void run(const std::stop_token& stop);
  void tryToConnect(const std::stop_token& stop, Backoff& backoff);
  void listen(const std::stop_token& stop);
  void observe();
  void sleep(Duration time);

  Context& context_;
  const Settings& settings_;
  Condition& condition_;
  const Calls calls_;
  const Schema schema_;
  Observer observer_;                 // the thread's own
  std::unique_ptr<Session> session_;  // the thread's own once it runs
  int wake_ = -1;
  std::jthread thread_;
};

/// Where the migrations lie, below the host's folder of them.
std::string migrationsOf(const Context& context);

}  // namespace penstock::postgres
