#pragma once

#include "penstock/store.h"
#include "shared/sqlite/session.h"
#include "sqlite-store/reports.h"
#include "sqlite-store/settings.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace penstock::sqlite_store {

/// A message as its last grant left it.
struct Grant {
  std::int64_t message = 0;
  MessageStatus status = MessageStatus::Accepted;
  std::int64_t attempt = 0;
  std::vector<std::uint8_t> token;
  std::string provider;
  std::int64_t settled_attempts = 0;  ///< attempts up to this one leave no doubt
};

/// Grants or refuses intents inside one write transaction.
std::vector<BeginResult> begin(sqlite::Session& session, std::span<const Intent> intents, WallTime now);

/// Keeps ends of attempts inside one write transaction.
///
/// An attempt is kept once. One that was kept as unknown may be kept again with what has become known; anything else
/// about an attempt that is there already changes nothing. Sent moves the status whoever asks, because it is true. Not
/// sent and unknown only move it for the attempt that was granted last, or for one that ended before it was granted;
/// and what is not sent after all moves it once no other attempt is in doubt.
class Recording {
public:
  Recording(sqlite::Session& session, const Settings& settings, WallTime now)
      : session_(session), reports_(session, settings, now) {}

  void record(std::span<const Attempt> attempts);
  /// How many attempts were kept with this outcome.
  int kept(AttemptOutcome outcome) const { return kept_[static_cast<std::size_t>(outcome)]; }
  /// How many were there already, or belong to no message.
  int repeated() const { return repeated_; }
  const ReportTally& reports() const { return reports_.tally(); }

private:
  void record(const Attempt& attempt);
  bool keep(std::int64_t message, const Attempt& attempt);
  void sent(std::int64_t message, const Attempt& attempt);
  void conclude(const Grant& last, const Attempt& attempt);
  AttemptEnd ending(const Grant& last, const Attempt& attempt);

  sqlite::Session& session_;
  Reports reports_;
  int kept_[3] = {};
  int repeated_ = 0;
};

}  // namespace penstock::sqlite_store
