#pragma once

#include "penstock/plugin.h"
#include "shared/postgres/condition.h"
#include "shared/postgres/keeper.h"
#include "shared/postgres/metrics.h"
#include "shared/postgres/pool.h"
#include "shared/postgres/settings.h"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace penstock::postgres {

/// A database as an engine uses it: its sessions, its condition, and what is done about its faults. [any thread]
class Server {
public:
  struct Use {
    std::string what;               ///< store or queue, as its lines in the log are named
    std::string_view engine;        ///< its label in metrics; a constant
    std::string_view listen;        ///< the LISTEN that hears other processes
    std::string_view probe;         ///< a statement that says whether the engine may write
    std::function<void()> told;     ///< another process told something
    int tries = 4;                  ///< of a transaction that lost against another, or whose session was lost
    bool again_after_loss = false;  ///< a transaction may run again although it may have been committed
  };

  /// One that cannot be reached is tried for in the background; calls fail until then.
  /// [blocks: to the connect timeout, and for migrations] [throws: StartFailure]
  Server(Context& context, const Settings& settings, Use use);

  /// Runs `work(Session&)`, which is one transaction. [blocks] [throws: Fault; then nothing was kept as far as is
  /// known]
  template <typename Work>
  auto run(Work&& work) {
    return run(work, use_.again_after_loss);
  }

  /// As run, whatever the engine's transactions are like in general.
  template <typename Work>
  auto run(Work&& work, bool again_after_loss) {
    admit();
    for (int tries = 1;; ++tries) {
      try {
        Pool::Loan loan = borrow();
        return work(loan.session());
      } catch (const Fault& fault) {
        if (!again(fault, tries, again_after_loss)) throw;
      }
      pause(tries);
    }
  }

  Health health() const { return condition_.health(); }

private:
  void admit() const;
  Pool::Loan borrow();
  bool again(const Fault& fault, int tries, bool after_loss);
  bool probe() noexcept;
  static void pause(int tries);

  const Use use_;
  const DatabaseMetrics metrics_;
  Condition condition_;
  Pool pool_;
  std::unique_ptr<Collection> collection_;
  std::atomic<bool> checked_{false};  ///< the schema was found right
  std::atomic<bool> full_{false};     ///< the disk had no room when last asked
  Keeper keeper_;
};

}  // namespace penstock::postgres
