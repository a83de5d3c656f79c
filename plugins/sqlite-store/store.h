#pragma once

#include "penstock/clock.h"
#include "penstock/store.h"
#include "sqlite-store/database.h"
#include "sqlite-store/metrics.h"
#include "sqlite-store/reports.h"
#include "sqlite-store/settings.h"

namespace penstock::sqlite_store {

/// penstock.store/1 on one database file.
class SqliteStore final : public Store {
public:
  SqliteStore(Database& database, const Settings& settings, const StoreMetrics& metrics, const Clock& clock)
      : database_(database), settings_(settings), metrics_(metrics), clock_(clock) {}

  std::vector<Persisted> persist(std::span<const Event> events) override;
  std::vector<BeginResult> begin(std::span<const Intent> intents) override;
  void record(std::span<const Attempt> attempts) override;

private:
  void count(const ReportTally& tally);

  Database& database_;
  const Settings& settings_;
  const StoreMetrics& metrics_;
  const Clock& clock_;
};

}  // namespace penstock::sqlite_store
