#pragma once

#include "penstock/reader.h"
#include "penstock/store.h"
#include "shared/sqlite/session.h"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::sqlite_store {

/// How values of the SDK lie in columns.
inline std::int64_t column(WallTime time) { return time.time_since_epoch().count(); }
inline WallTime wallTime(std::int64_t column) { return WallTime(Duration(column)); }

using TokenBytes = std::array<std::uint8_t, 24>;
TokenBytes column(const LeaseToken& token);
LeaseToken leaseToken(std::span<const std::uint8_t> column);

std::string listColumn(const std::vector<std::string>& values);
std::vector<std::string> list(std::string_view column);

std::string waitsColumn(const std::map<std::string, Duration>& waits);
std::map<std::string, Duration> waits(std::string_view column);

/// A Uuid or Digest128.
template <typename Identity>
Identity identity(std::span<const std::uint8_t> column) {
  Identity value;
  if (column.size() == value.bytes.size()) std::copy(column.begin(), column.end(), value.bytes.begin());
  return value;
}

MessageStatus statusOf(std::string_view column);

/// The 16 columns of a message in the order of the reading statements, from `first` on.
inline constexpr int kMessageColumns = 16;
MessageView messageView(const sqlite::Rows& rows, int first);

/// seq, id, conversation, status: a message as the writing statements find it.
struct StoredMessage {
  std::int64_t seq = 0;
  Uuid id;
  std::int64_t conversation = 0;
  MessageStatus status = MessageStatus::Accepted;
};
StoredMessage storedMessage(const sqlite::Rows& rows);

}  // namespace penstock::sqlite_store
