#include "pg-store/reader.h"

#include <limits>
#include <string_view>

#include "pg-store/rows.h"
#include "pg-store/sql.h"
#include "shared/store/columns.h"

namespace penstock::pg_store {

namespace {

// A page beyond what an offset can say is as empty as one beyond the last row.
std::int64_t offsetOf(Page page) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() / 2);
  if (page.number - 1 > kMost / page.size) return static_cast<std::int64_t>(kMost);
  return static_cast<std::int64_t>(page.offset());
}

std::optional<std::string_view> channelColumn(const ConversationQuery& query) {
  if (!query.channel) return std::nullopt;
  return word(*query.channel);
}

constexpr int kTotal = 0;

ConversationView conversationView(const postgres::Rows& rows) {
  constexpr int kLastMessage = 8;
  ConversationView view;
  int at = kTotal + 1;
  view.id = rows.integer(at++);
  view.key = rows.text(at++);
  view.channel = parseChannel(rows.text(at++)).value_or(Channel::Sms);
  view.participant_a = rows.text(at++);
  view.participant_b = rows.text(at++);
  view.message_count = static_cast<std::uint64_t>(rows.integer(at++));
  view.last_activity_at = rows.time(at++);
  if (!rows.isNull(kLastMessage)) view.last_message = messageView(rows, kLastMessage);
  return view;
}

postgres::Rows conversationRows(postgres::Session& session, const ConversationQuery& query, Page page) {
  const auto channel = channelColumn(query);
  const std::int64_t limit = page.size;
  if (query.participant)
    return session.query(sql::kConversationsOfParticipant, channel, limit, offsetOf(page), *query.participant,
                         query.customer.value_or(std::string()));
  if (query.customer)
    return session.query(sql::kConversationsOfCustomer, channel, limit, offsetOf(page), *query.customer);
  return session.query(sql::kConversations, channel, limit, offsetOf(page));
}

// An empty name stands for any in the counts, but a list for it has nothing.
bool matchesNothing(const ConversationQuery& query) {
  return (query.customer && query.customer->empty()) || (query.participant && query.participant->empty());
}

AttemptView attemptView(const postgres::Rows& rows, int first, const Uuid& message) {
  AttemptView view;
  Attempt& attempt = view.attempt;
  int at = first;
  attempt.message = message;
  attempt.number = static_cast<std::uint32_t>(rows.integer(at++));
  attempt.token = store::leaseToken(rows.bytes(at++));
  attempt.outcome = parseAttemptOutcome(rows.text(at++)).value_or(AttemptOutcome::Unknown);
  attempt.end = endOf(rows.text(at++));
  attempt.provider = rows.text(at++);
  attempt.provider_message_id = rows.text(at++);
  attempt.http_status = static_cast<int>(rows.integer(at++));
  attempt.error = rows.text(at++);
  attempt.started_at = rows.time(at++);
  attempt.latency = Duration(rows.integer(at++));
  attempt.waits = store::waits(rows.text(at++));
  view.finished_at = attempt.started_at + attempt.latency;
  return view;
}

int readDetail(const postgres::Rows& rows, MessageDetail& detail) {
  int at = kMessageColumns;
  detail.message = messageView(rows, 0);
  detail.customer = rows.text(at++);
  detail.key = rows.identity<Digest128>(at++);
  detail.policy = rows.identity<Digest128>(at++);
  detail.accepted_at = rows.time(at++);
  detail.persisted_at = rows.time(at++);
  return at;
}

}  // namespace

Listing<ConversationView> PgReader::conversations(const ConversationQuery& query, Page page) {
  if (matchesNothing(query)) return {};
  return database_.read([&](postgres::Session& session) {
    Listing<ConversationView> listing;
    postgres::Rows rows = conversationRows(session, query, page);
    while (rows.next()) {
      listing.total = static_cast<std::uint64_t>(rows.integer(kTotal));
      if (!rows.isNull(kTotal + 1)) listing.items.push_back(conversationView(rows));
    }
    return listing;
  });
}

std::optional<Listing<MessageView>> PgReader::messages(std::int64_t conversation, Page page) {
  return database_.read([&](postgres::Session& session) -> std::optional<Listing<MessageView>> {
    postgres::Rows rows = session.query(sql::kMessages, conversation, std::int64_t{page.size}, offsetOf(page));
    if (rows.count() == 0) return std::nullopt;
    Listing<MessageView> listing;
    while (rows.next()) {
      listing.total = static_cast<std::uint64_t>(rows.integer(kTotal));
      if (!rows.isNull(kTotal + 1)) listing.items.push_back(messageView(rows, kTotal + 1));
    }
    return listing;
  });
}

Listing<SentView> PgReader::sent(Page page) {
  return database_.read([&](postgres::Session& session) {
    Listing<SentView> listing;
    postgres::Rows rows = session.query(sql::kSent, std::int64_t{page.size}, offsetOf(page));
    while (rows.next()) {
      listing.total = static_cast<std::uint64_t>(rows.integer(kTotal));
      if (!rows.isNull(kTotal + 1)) listing.items.push_back({rows.identity<Uuid>(1), rows.time(2)});
    }
    return listing;
  });
}

std::optional<MessageDetail> PgReader::message(const Uuid& id) {
  return database_.read([&](postgres::Session& session) -> std::optional<MessageDetail> {
    postgres::Rows rows = session.query(sql::kMessage, id);
    if (!rows.next()) return std::nullopt;
    MessageDetail detail;
    const int first = readDetail(rows, detail);
    if (rows.isNull(first)) return detail;
    do {
      detail.attempts.push_back(attemptView(rows, first, detail.message.id));
      for (const auto& [cause, time] : detail.attempts.back().attempt.waits) detail.waits[cause] += time;
    } while (rows.next());
    return detail;
  });
}

}  // namespace penstock::pg_store
