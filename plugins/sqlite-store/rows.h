#pragma once

#include "penstock/reader.h"
#include "penstock/store.h"
#include "shared/sqlite/session.h"

#include <cstdint>
#include <string_view>

namespace penstock::sqlite_store {

/// How values of the SDK lie in columns.
inline std::int64_t column(WallTime time) { return time.time_since_epoch().count(); }
inline WallTime wallTime(std::int64_t column) { return WallTime(Duration(column)); }

/// A Uuid or Digest128.
template <typename Identity>
Identity identity(std::span<const std::uint8_t> column) {
  Identity value;
  if (column.size() == value.bytes.size()) std::copy(column.begin(), column.end(), value.bytes.begin());
  return value;
}

MessageStatus statusOf(std::string_view column);
AttemptEnd endOf(std::string_view column);

/// The 16 columns of a message in the order of the reading statements, from `first` on.
inline constexpr int kMessageColumns = 16;
MessageView messageView(const sqlite::Rows& rows, int first);

/// Names of what is counted in `counts`.
inline constexpr std::string_view kSentCount = "sent";
inline constexpr std::string_view kWaitingCount = "unmatched_reports";

/// seq, id, conversation, status: a message as the writing statements find it.
struct StoredMessage {
  std::int64_t seq = 0;
  Uuid id;
  std::int64_t conversation = 0;
  MessageStatus status = MessageStatus::Accepted;
};
StoredMessage storedMessage(const sqlite::Rows& rows);

}  // namespace penstock::sqlite_store
