#pragma once

#include "penstock/store.h"
#include "shared/sqlite/session.h"
#include "sqlite-store/ledger.h"
#include "sqlite-store/reports.h"
#include "sqlite-store/settings.h"

#include <span>
#include <vector>

namespace penstock::sqlite_store {

/// Keeps a span of events inside one write transaction.
class Persisting {
public:
  Persisting(sqlite::Session& session, const Settings& settings, WallTime now)
      : session_(session), ledger_(session), reports_(session, settings, now), now_(now) {}

  std::vector<Persisted> persist(std::span<const Event> events);
  const ReportTally& reports() const { return reports_.tally(); }

private:
  Persisted persistMessage(const Event& event);
  Persisted persistReport(const Event& event);
  std::optional<StoredMessage> findExisting(const Event& event, bool key_known);
  bool keyKnown(const Event& event);
  void insert(const Event& event, std::int64_t conversation);

  sqlite::Session& session_;
  ConversationLedger ledger_;
  Reports reports_;
  WallTime now_;
};

}  // namespace penstock::sqlite_store
