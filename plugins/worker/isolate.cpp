#include "worker/isolate.h"

#include <exception>

namespace penstock {

namespace {

class Isolation {
public:
  Isolation(Store& store, UniqueFunction<bool()>& out_of_time) : store_(store), out_of_time_(out_of_time) {}

  void persist(std::span<const Event> events, std::span<PersistOutcome> outcomes) {
    if (events.empty()) return;
    if (store_away_) return fill(outcomes, PersistOutcome::Kind::StoreAway, away_reason_);
    if (out_of_time_()) return fill(outcomes, PersistOutcome::Kind::OutOfTime, "drain");
    try {
      keep(store_.persist(events), outcomes);
      return;
    } catch (const StoreUnavailable& failure) {
      store_away_ = true;
      away_reason_ = failure.what();
      return fill(outcomes, PersistOutcome::Kind::StoreAway, away_reason_);
    } catch (const StoreRejected& refusal) {
      if (events.size() == 1)
        return fill(outcomes, PersistOutcome::Kind::Rejected, std::string("store rejected: ") + refusal.what());
    } catch (const std::exception& failure) {
      if (events.size() == 1) return fill(outcomes, PersistOutcome::Kind::Failed, failure.what());
    }
    const std::size_t half = events.size() / 2;
    persist(events.first(half), outcomes.first(half));
    persist(events.subspan(half), outcomes.subspan(half));
  }

private:
  static void keep(std::vector<Persisted> answers, std::span<PersistOutcome> outcomes) {
    if (answers.size() != outcomes.size())
      throw std::logic_error("the store answered " + std::to_string(answers.size()) + " of " +
                             std::to_string(outcomes.size()) + " events");
    for (std::size_t i = 0; i < outcomes.size(); ++i) outcomes[i] = {PersistOutcome::Kind::Kept, answers[i], {}};
  }

  static void fill(std::span<PersistOutcome> outcomes, PersistOutcome::Kind kind, const std::string& reason) {
    for (PersistOutcome& outcome : outcomes) outcome = {kind, {}, reason};
  }

  Store& store_;
  UniqueFunction<bool()>& out_of_time_;
  bool store_away_ = false;
  std::string away_reason_;
};

}  // namespace

std::vector<PersistOutcome> persistIsolating(Store& store, std::span<const Event> events,
                                             UniqueFunction<bool()>& out_of_time) {
  std::vector<PersistOutcome> outcomes(events.size());
  Isolation(store, out_of_time).persist(events, outcomes);
  return outcomes;
}

}  // namespace penstock
