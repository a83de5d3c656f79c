#pragma once

#include "penstock/clock.h"
#include "penstock/store.h"
#include "pg-store/database.h"
#include "pg-store/metrics.h"
#include "pg-store/tally.h"

namespace penstock::pg_store {

/// penstock.store/1 on one PostgreSQL database.
class PgStore final : public Store {
public:
  PgStore(Database& database, const StoreMetrics& metrics, const Clock& clock)
      : database_(database), metrics_(metrics), clock_(clock) {}

  std::vector<Persisted> persist(std::span<const Event> events) override;
  std::vector<BeginResult> begin(std::span<const Intent> intents) override;
  void record(std::span<const Attempt> attempts) override;

private:
  void count(const ReportTally& tally);

  Database& database_;
  const StoreMetrics& metrics_;
  const Clock& clock_;
};

}  // namespace penstock::pg_store
