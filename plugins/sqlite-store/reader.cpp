#include "sqlite-store/reader.h"

#include <limits>
#include <string_view>

#include "shared/store/columns.h"
#include "sqlite-store/rows.h"
#include "sqlite-store/sql.h"

namespace penstock::sqlite_store {

namespace {

// A page beyond what an offset can say is as empty as one beyond the last row.
std::int64_t offsetOf(Page page) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (page.number - 1 > kMost / page.size) return static_cast<std::int64_t>(kMost);
  return static_cast<std::int64_t>(page.offset());
}

std::optional<std::string_view> channelColumn(const ConversationQuery& query) {
  if (!query.channel) return std::nullopt;
  return word(*query.channel);
}

std::uint64_t totalOf(sqlite::Rows rows) { return rows.next() ? static_cast<std::uint64_t>(rows.integer(0)) : 0; }

ConversationView conversationView(const sqlite::Rows& rows) {
  constexpr int kLastMessage = 7;
  ConversationView view;
  view.id = rows.integer(0);
  view.key = rows.text(1);
  view.channel = parseChannel(rows.text(2)).value_or(Channel::Sms);
  view.participant_a = rows.text(3);
  view.participant_b = rows.text(4);
  view.message_count = static_cast<std::uint64_t>(rows.integer(5));
  view.last_activity_at = wallTime(rows.integer(6));
  if (!rows.isNull(kLastMessage)) view.last_message = messageView(rows, kLastMessage);
  return view;
}

sqlite::Rows conversationRows(sqlite::Session& session, const ConversationQuery& query, Page page) {
  const auto channel = channelColumn(query);
  const std::int64_t limit = page.size;
  if (query.participant)
    return session.query(sql::kConversationsOfParticipant, channel, limit, offsetOf(page), *query.participant,
                         query.customer);
  if (query.customer)
    return session.query(sql::kConversationsOfCustomer, channel, limit, offsetOf(page), *query.customer);
  return session.query(sql::kConversations, channel, limit, offsetOf(page));
}

// An empty name stands for any in the counts, but a list for it has nothing.
bool matchesNothing(const ConversationQuery& query) {
  return (query.customer && query.customer->empty()) || (query.participant && query.participant->empty());
}

AttemptView attemptView(const sqlite::Rows& rows, const Uuid& message) {
  AttemptView view;
  Attempt& attempt = view.attempt;
  attempt.message = message;
  attempt.number = static_cast<std::uint32_t>(rows.integer(0));
  attempt.token = store::leaseToken(rows.bytes(1));
  attempt.outcome = parseAttemptOutcome(rows.text(2)).value_or(AttemptOutcome::Unknown);
  attempt.end = endOf(rows.text(3));
  attempt.provider = rows.text(4);
  attempt.provider_message_id = rows.text(5);
  attempt.http_status = static_cast<int>(rows.integer(6));
  attempt.error = rows.text(7);
  attempt.started_at = wallTime(rows.integer(8));
  attempt.latency = Duration(rows.integer(9));
  attempt.waits = store::waits(rows.text(10));
  view.finished_at = attempt.started_at + attempt.latency;
  return view;
}

std::optional<std::int64_t> readDetail(sqlite::Session& session, const Uuid& id, MessageDetail& detail) {
  sqlite::Rows rows = session.query(sql::kMessage, id);
  if (!rows.next()) return std::nullopt;
  int at = kMessageColumns;
  detail.message = messageView(rows, 0);
  const std::int64_t seq = rows.integer(at++);
  detail.customer = rows.text(at++);
  detail.key = identity<Digest128>(rows.bytes(at++));
  detail.policy = identity<Digest128>(rows.bytes(at++));
  detail.accepted_at = wallTime(rows.integer(at++));
  detail.persisted_at = wallTime(rows.integer(at++));
  return seq;
}

}  // namespace

Listing<ConversationView> SqliteReader::conversations(const ConversationQuery& query, Page page) {
  if (matchesNothing(query)) return {};
  return database_.read([&](sqlite::Session& session) {
    Listing<ConversationView> listing;
    listing.total = totalOf(session.query(sql::kConversationsTotal, query.customer.value_or(std::string()),
                                          query.participant.value_or(std::string()), channelColumn(query)));
    sqlite::Rows rows = conversationRows(session, query, page);
    while (rows.next()) listing.items.push_back(conversationView(rows));
    return listing;
  });
}

std::optional<Listing<MessageView>> SqliteReader::messages(std::int64_t conversation, Page page) {
  return database_.read([&](sqlite::Session& session) -> std::optional<Listing<MessageView>> {
    Listing<MessageView> listing;
    listing.total = totalOf(session.query(sql::kMessagesTotal, conversation));
    if (listing.total == 0) return std::nullopt;
    sqlite::Rows rows = session.query(sql::kMessages, conversation, std::int64_t{page.size}, offsetOf(page));
    while (rows.next()) listing.items.push_back(messageView(rows, 0));
    return listing;
  });
}

Listing<SentView> SqliteReader::sent(Page page) {
  return database_.read([&](sqlite::Session& session) {
    Listing<SentView> listing;
    listing.total = totalOf(session.query(sql::kSentTotal));
    sqlite::Rows rows = session.query(sql::kSent, std::int64_t{page.size}, offsetOf(page));
    while (rows.next()) listing.items.push_back({identity<Uuid>(rows.bytes(0)), wallTime(rows.integer(1))});
    return listing;
  });
}

std::optional<MessageDetail> SqliteReader::message(const Uuid& id) {
  return database_.read([&](sqlite::Session& session) -> std::optional<MessageDetail> {
    MessageDetail detail;
    const auto seq = readDetail(session, id, detail);
    if (!seq) return std::nullopt;
    sqlite::Rows rows = session.query(sql::kAttempts, *seq);
    while (rows.next()) {
      detail.attempts.push_back(attemptView(rows, detail.message.id));
      for (const auto& [cause, time] : detail.attempts.back().attempt.waits) detail.waits[cause] += time;
    }
    return detail;
  });
}

}  // namespace penstock::sqlite_store
