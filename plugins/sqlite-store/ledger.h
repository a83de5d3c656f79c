#pragma once

#include "penstock/event.h"
#include "shared/sqlite/session.h"

#include <cstdint>
#include <map>
#include <string_view>
#include <tuple>

namespace penstock::sqlite_store {

/// What one span adds to its conversations: each is looked up once and written once. Borrows the events' text.
class ConversationLedger {
public:
  explicit ConversationLedger(sqlite::Session& session) : session_(session) {}

  /// The event's conversation, made when there is none.
  std::int64_t find(const Event& event);

  /// Counts a message that was inserted into the conversation that find() gave for the event.
  void add(const Event& event);

  /// Writes the counters.
  void close();

private:
  struct Entry {
    std::int64_t id = 0;
    std::int64_t added = 0;
    WallTime last_activity{};
    Uuid last_message;
    bool empty = false;     ///< made in this span and without a message yet
    bool advanced = false;  ///< last_activity has moved
  };
  using Key = std::tuple<std::string_view, Channel, std::string_view>;
  static Key keyOf(const Event& event) { return {event.customer, event.content.channel, event.conversation}; }

  Entry open(const Event& event);
  void countNew(const Event& event);

  sqlite::Session& session_;
  std::map<Key, Entry> entries_;
};

}  // namespace penstock::sqlite_store
