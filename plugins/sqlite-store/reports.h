#pragma once

#include "penstock/event.h"
#include "shared/sqlite/session.h"
#include "sqlite-store/rows.h"
#include "sqlite-store/settings.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock::sqlite_store {

/// What became of delivery reports in one transaction.
struct ReportTally {
  int applied = 0;     ///< moved a status
  int stale = 0;       ///< repeated or late
  int kept = 0;        ///< waits for the send to be recorded
  int unreadable = 0;  ///< names no message or no status that a report can have
};

/// Delivery reports inside one write transaction.
class Reports {
public:
  Reports(sqlite::Session& session, const Settings& settings, WallTime now)
      : session_(session), settings_(settings), now_(now) {}

  /// Moves the status of the message that the report names by our own id or by the provider's, forward only, or keeps
  /// the report until that message's send is recorded. Returns the message as it is afterwards; nothing when it is not
  /// known yet.
  std::optional<StoredMessage> take(const Event& event);

  /// Applies what was kept for a send that has just been recorded.
  void applyWaiting(std::int64_t message, std::string_view provider, std::string_view provider_message_id);

  const ReportTally& tally() const { return tally_; }

private:
  std::optional<StoredMessage> takeOwn(const Content& report, MessageStatus status);
  bool move(std::int64_t message, MessageStatus status);
  void keep(const Content& report, MessageStatus status);

  sqlite::Session& session_;
  const Settings& settings_;
  WallTime now_;
  ReportTally tally_;
};

}  // namespace penstock::sqlite_store
