#include "conformance/queue/loan_book.h"

#include <algorithm>

namespace penstock::test {

void LoanBook::broken(const Event& event, const std::string& promise) {
  broken_.push_back(event.id.text() + " in " + event.conversation + ": " + promise);
}

void LoanBook::published(const Event& event) {
  std::lock_guard guard(mutex_);
  Thread& thread = conversations_[event.conversation];
  Account& account = accounts_[event.id];
  account.conversation = event.conversation;
  account.place = thread.events.size();
  thread.events.push_back(event.id);
}

void LoanBook::lent(const std::vector<Delivery>& deliveries, SteadyTime now, Duration lease) {
  std::lock_guard guard(mutex_);
  ++calls_;
  for (const Delivery& delivery : deliveries) {
    if (delivery.alone && deliveries.size() != 1) broken(delivery.event, "a suspect shared its call");
    lend(delivery, calls_, now, lease);
  }
}

void LoanBook::lend(const Delivery& delivery, std::uint64_t call, SteadyTime now, Duration lease) {
  const auto found = accounts_.find(delivery.event.id);
  if (found == accounts_.end()) return broken(delivery.event, "nobody published it");
  Account& account = found->second;
  if (account.fate != Fate::Open) broken(delivery.event, "handed out after it was finished");
  if (account.lent && account.loan.until > now) broken(delivery.event, "two holders of one lease");
  if (delivery.attempt != account.attempts + 1)
    broken(delivery.event,
           "attempt " + std::to_string(delivery.attempt) + " after " + std::to_string(account.attempts));
  checkOrder(delivery, account, call, now);
  ++account.loans;
  account.attempts = delivery.attempt;
  account.lent = true;
  account.loan = {delivery.token, call, now + lease};
}

void LoanBook::checkOrder(const Delivery& delivery, Account& account, std::uint64_t call, SteadyTime now) {
  Thread& thread = conversations_[account.conversation];
  if (account.loans == 0 && account.place != thread.begun) broken(delivery.event, "begun before an earlier one");
  if (account.loans == 0) thread.begun = account.place + 1;
  for (std::size_t earlier = 0; earlier < account.place; ++earlier) {
    const Account& other = accounts_[thread.events[earlier]];
    const bool first_loan = other.lent && other.loans == 1 && other.loan.until > now;
    if (first_loan && other.loan.call != call)
      broken(delivery.event, "handed out while an earlier one is leased to another caller");
  }
}

SettleVerdict LoanBook::settling(const Delivery& delivery, const Settlement& settlement, SteadyTime now) {
  std::lock_guard guard(mutex_);
  Account& account = accounts_[delivery.event.id];
  if (!account.lent || account.loan.token != delivery.token || account.loan.until <= now)
    return SettleVerdict::LeaseLost;
  account.lent = false;
  if (std::holds_alternative<Release>(settlement.outcome)) --account.attempts;
  const bool done = std::holds_alternative<Done>(settlement.outcome);
  if (!done && !std::holds_alternative<Dead>(settlement.outcome)) return SettleVerdict::Settled;
  account.fate = done ? Fate::Done : Fate::Dead;
  return SettleVerdict::Settled;
}

void LoanBook::misjudged(const Delivery& delivery, SettleVerdict answer) {
  std::lock_guard guard(mutex_);
  broken(delivery.event, answer == SettleVerdict::Settled ? "settled without a lease" : "its holder lost the lease");
}

std::vector<std::string> LoanBook::brokenPromises(const std::vector<Uuid>& dead) {
  std::lock_guard guard(mutex_);
  for (const auto& [id, account] : accounts_) {
    const bool is_dead = std::find(dead.begin(), dead.end(), id) != dead.end();
    const bool kept = account.fate == Fate::Done ? !is_dead : is_dead;
    if (!kept) broken_.push_back(id.text() + (is_dead ? ": done and dead" : ": lost"));
  }
  return broken_;
}

}  // namespace penstock::test
