#pragma once

#include "penstock/plugin.h"
#include "penstock/queue.h"
#include "shared/durable/journal.h"
#include "shared/postgres/server.h"

#include <functional>
#include <string>

namespace penstock::pg_queue {

/// The queue's database; its faults leave it as QueueUnavailable. [any thread]
class Database {
public:
  /// `told`: another process has published. [throws: StartFailure]
  Database(Context& context, const postgres::Settings& settings, std::function<void()> told);

  /// Runs `work(postgres::Session&)`, which is one transaction that may be repeated. [blocks] [throws:
  /// QueueUnavailable]
  template <typename Work>
  auto run(Work&& work) {
    try {
      return server_.run(work);
    } catch (const postgres::Fault& fault) {
      throw QueueUnavailable(fault.what());
    }
  }

  /// As run, for what must not happen twice: a lost answer is a failure. [throws: QueueUnavailable]
  template <typename Work>
  auto runOnce(Work&& work) {
    try {
      return server_.run(work, false);
    } catch (const postgres::Fault& fault) {
      throw QueueUnavailable(fault.what());
    }
  }

  /// As run, for what only reads and must not take longer than durable::kReadLimit. [throws: QueueUnavailable]
  template <typename Work>
  auto look(Work&& work) {
    try {
      return server_.run([&](postgres::Session& session) {
        postgres::Transaction transaction(session);
        session.script(lookSettings());
        auto result = work(session);
        transaction.commit();
        return result;
      });
    } catch (const postgres::Fault& fault) {
      throw QueueUnavailable(fault.sqlstate == postgres::kCanceled ? durable::tookTooLong() : fault.what());
    }
  }

  /// As run; what the values are to blame for leaves as it is. [throws: QueueUnavailable; postgres::Fault of class
  /// Never]
  template <typename Work>
  auto runStrictly(Work&& work) {
    try {
      return server_.run(work);
    } catch (const postgres::Fault& fault) {
      if (fault.kind == postgres::FaultClass::Never) throw;
      throw QueueUnavailable(fault.what());
    }
  }

  Health health() const { return server_.health(); }

private:
  static std::string lookSettings();

  postgres::Server server_;
};

}  // namespace penstock::pg_queue
