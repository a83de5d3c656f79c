#include "sqlite-store/store.h"

#include <algorithm>

#include "sqlite-store/persist.h"
#include "sqlite-store/sending.h"

namespace penstock::sqlite_store {

std::vector<Persisted> SqliteStore::persist(std::span<const Event> events) {
  if (events.empty()) return {};
  ReportTally tally;
  const std::vector<Persisted> results = database_.write(Operation::Persist, [&](sqlite::Session& session) {
    Persisting persisting(session, settings_, clock_.wall());
    std::vector<Persisted> persisted = persisting.persist(events);
    tally = persisting.reports();
    return persisted;
  });
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].kind == Kind::DeliveryStatus) continue;
    (results[i].verdict == PersistVerdict::Inserted ? metrics_.inserted : metrics_.existing).add();
    if (results[i].key_reused) metrics_.key_reused.add();
  }
  count(tally);
  return results;
}

std::vector<BeginResult> SqliteStore::begin(std::span<const Intent> intents) {
  if (intents.empty()) return {};
  const std::vector<BeginResult> results = database_.write(
      Operation::Begin, [&](sqlite::Session& session) { return sqlite_store::begin(session, intents, clock_.wall()); });
  const auto granted = std::count_if(results.begin(), results.end(), [](const BeginResult& r) { return r.granted; });
  metrics_.granted.add(static_cast<double>(granted));
  metrics_.refused.add(static_cast<double>(std::ssize(results) - granted));
  return results;
}

void SqliteStore::record(std::span<const Attempt> attempts) {
  if (attempts.empty()) return;
  ReportTally tally;
  int kept[3] = {};
  metrics_.attempts_repeated.add(database_.write(Operation::Record, [&](sqlite::Session& session) {
    Recording recording(session, settings_, clock_.wall());
    recording.record(attempts);
    tally = recording.reports();
    for (const auto outcome : {AttemptOutcome::Sent, AttemptOutcome::NotSent, AttemptOutcome::Unknown})
      kept[static_cast<std::size_t>(outcome)] = recording.kept(outcome);
    return recording.repeated();
  }));
  for (std::size_t i = 0; i < std::size(kept); ++i) metrics_.attempts[i]->add(kept[i]);
  count(tally);
}

void SqliteStore::count(const ReportTally& tally) {
  metrics_.reports_applied.add(tally.applied);
  metrics_.reports_stale.add(tally.stale);
  metrics_.reports_kept.add(tally.kept);
  metrics_.reports_unreadable.add(tally.unreadable);
}

}  // namespace penstock::sqlite_store
