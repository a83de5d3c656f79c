#include "sqlite-store/ledger.h"

#include "sqlite-store/rows.h"
#include "sqlite-store/sql.h"

namespace penstock::sqlite_store {

std::int64_t ConversationLedger::find(const Event& event) {
  const auto [entry, added] = entries_.try_emplace(keyOf(event));
  if (added) entry->second = open(event);
  return entry->second.id;
}

ConversationLedger::Entry ConversationLedger::open(const Event& event) {
  const std::string_view channel = word(event.content.channel);
  {
    sqlite::Rows rows = session_.query(sql::kFindConversation, event.customer, channel, event.conversation);
    if (rows.next())
      return {.id = rows.integer(0),
              .last_activity = wallTime(rows.integer(1)),
              .last_message = identity<Uuid>(rows.bytes(2))};
  }
  session_.execute(sql::kInsertConversation, event.customer, channel, event.conversation, event.participant_a,
                   event.participant_b, column(event.content.timestamp));
  const std::int64_t id = session_.lastRow();
  countNew(event);
  return {.id = id, .last_activity = event.content.timestamp, .last_message = event.id, .empty = true};
}

void ConversationLedger::countNew(const Event& event) {
  constexpr std::string_view kAny;
  const std::string_view channel = word(event.content.channel);
  for (const std::string_view customer : {std::string_view(event.customer), kAny}) {
    session_.execute(sql::kCountConversation, customer, kAny, channel);
    session_.execute(sql::kCountConversation, customer, event.participant_a, channel);
    if (event.participant_a != event.participant_b)
      session_.execute(sql::kCountConversation, customer, event.participant_b, channel);
  }
}

void ConversationLedger::add(const Event& event) {
  Entry& entry = entries_.at(keyOf(event));
  ++entry.added;
  const WallTime timestamp = event.content.timestamp;
  if (entry.empty || std::tie(timestamp, event.id) > std::tie(entry.last_activity, entry.last_message)) {
    entry.advanced = entry.advanced || timestamp != entry.last_activity;
    entry.last_activity = timestamp;
    entry.last_message = event.id;
  }
  entry.empty = false;
}

void ConversationLedger::close() {
  for (const auto& [key, entry] : entries_) {
    if (entry.added == 0) continue;
    // Writing last_activity_at rewrites four indexes, so it is left alone where it has not moved.
    if (entry.advanced)
      session_.execute(sql::kAdvanceConversation, entry.id, entry.added, entry.last_message,
                       column(entry.last_activity));
    else
      session_.execute(sql::kAddMessages, entry.id, entry.added, entry.last_message);
  }
}

}  // namespace penstock::sqlite_store
