#pragma once

#include "penstock/queue.h"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace penstock::test {

/// Watches everything a crowd of producers and consumers does with a queue and notes each broken promise: two holders
/// of a lease, an event handed out after it was finished, a later event of a conversation given to another caller, a
/// conversation begun out of order, an attempt not counted, an event lost. Time must stand still between a call of the
/// queue and its entry here.
class LoanBook {
public:
  /// The event was accepted; events of one conversation are entered in publish order, before they are published.
  void published(const Event& event);

  /// One receive call handed these out, now, for this lease.
  void lent(const std::vector<Delivery>& deliveries, SteadyTime now, Duration lease);

  /// A settlement is about to be made, now; what the engine must answer.
  SettleVerdict settling(const Delivery& delivery, const Settlement& settlement, SteadyTime now);
  /// The engine answered otherwise.
  void misjudged(const Delivery& delivery, SettleVerdict answer);

  /// What was promised and not kept, once all work is over and these are the dead letters.
  std::vector<std::string> brokenPromises(const std::vector<Uuid>& dead);

private:
  enum class Fate : std::uint8_t { Open, Done, Dead };
  struct Loan {
    LeaseToken token;
    std::uint64_t call = 0;
    SteadyTime until{};
  };
  struct Account {
    std::string conversation;
    std::size_t place = 0;  ///< in its conversation
    Fate fate = Fate::Open;
    std::uint32_t attempts = 0;
    std::uint64_t loans = 0;  ///< so often handed out
    bool lent = false;
    Loan loan;
  };
  struct Thread {
    std::vector<Uuid> events;
    std::size_t begun = 0;  ///< so many have been handed out at least once, from the front
  };

  void lend(const Delivery& delivery, std::uint64_t call, SteadyTime now, Duration lease);
  void checkOrder(const Delivery& delivery, Account& account, std::uint64_t call, SteadyTime now);
  void broken(const Event& event, const std::string& promise);

  mutable std::mutex mutex_;
  std::map<Uuid, Account> accounts_;
  std::map<std::string, Thread> conversations_;
  std::vector<std::string> broken_;
  std::uint64_t calls_ = 0;
};

}  // namespace penstock::test
