#include "pg-store/store.h"

#include <algorithm>

#include "pg-store/persist.h"
#include "pg-store/sending.h"

namespace penstock::pg_store {

std::vector<Persisted> PgStore::persist(std::span<const Event> events) {
  if (events.empty()) return {};
  Batch batch(events, clock_.wall());
  const std::vector<Persisted> results =
      database_.write(Operation::Persist, [&](postgres::Session& session) { return batch.persist(session); });
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].kind == Kind::DeliveryStatus) continue;
    (results[i].verdict == PersistVerdict::Inserted ? metrics_.inserted : metrics_.existing).add();
    if (results[i].key_reused) metrics_.key_reused.add();
  }
  count(batch.reports());
  return results;
}

std::vector<BeginResult> PgStore::begin(std::span<const Intent> intents) {
  if (intents.empty()) return {};
  const std::vector<BeginResult> results = database_.write(
      Operation::Begin, [&](postgres::Session& session) { return pg_store::begin(session, intents, clock_.wall()); });
  const auto granted = std::count_if(results.begin(), results.end(), [](const BeginResult& r) { return r.granted; });
  metrics_.granted.add(static_cast<double>(granted));
  metrics_.refused.add(static_cast<double>(std::ssize(results) - granted));
  return results;
}

void PgStore::record(std::span<const Attempt> attempts) {
  if (attempts.empty()) return;
  const Recorded recorded = database_.write(
      Operation::Record, [&](postgres::Session& session) { return pg_store::record(session, attempts); });
  for (std::size_t i = 0; i < std::size(recorded.kept); ++i)
    metrics_.attempts[i]->add(static_cast<double>(recorded.kept[i]));
  metrics_.attempts_repeated.add(static_cast<double>(recorded.repeated));
  count(recorded.reports);
}

void PgStore::count(const ReportTally& tally) {
  metrics_.reports_applied.add(static_cast<double>(tally.applied));
  metrics_.reports_stale.add(static_cast<double>(tally.stale));
  metrics_.reports_kept.add(static_cast<double>(tally.kept));
  metrics_.reports_unreadable.add(static_cast<double>(tally.unreadable));
}

}  // namespace penstock::pg_store
