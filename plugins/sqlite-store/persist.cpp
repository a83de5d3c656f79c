#include "sqlite-store/persist.h"

#include "shared/store/columns.h"
#include "shared/store/snippet.h"
#include "sqlite-store/rows.h"
#include "sqlite-store/sql.h"

namespace penstock::sqlite_store {

std::vector<Persisted> Persisting::persist(std::span<const Event> events) {
  std::vector<Persisted> results;
  results.reserve(events.size());
  for (const Event& event : events)
    results.push_back(event.kind == Kind::DeliveryStatus ? persistReport(event) : persistMessage(event));
  ledger_.close();
  return results;
}

Persisted Persisting::persistReport(const Event& event) {
  if (const auto message = reports_.take(event))
    return {PersistVerdict::Existing, message->id, message->conversation, message->status};
  return {PersistVerdict::Inserted, event.id};
}

Persisted Persisting::persistMessage(const Event& event) {
  const bool key_known = keyKnown(event);
  if (const auto message = findExisting(event, key_known)) {
    if (message->id != event.id) session_.execute(sql::kInsertAlias, event.id, message->seq);
    return {PersistVerdict::Existing, message->id, message->conversation, message->status};
  }
  const std::int64_t conversation = ledger_.find(event);
  insert(event, conversation);
  ledger_.add(event);
  return {PersistVerdict::Inserted, event.id, conversation, store::initialStatus(event.kind), key_known};
}

std::optional<StoredMessage> Persisting::findExisting(const Event& event, bool key_known) {
  if (key_known) {
    sqlite::Rows rows = session_.query(sql::kFindExisting, event.customer, event.key, event.fingerprint);
    if (rows.next()) return storedMessage(rows);
  }
  if (event.kind != Kind::InboundMessage || event.content.provider_message_id.empty()) return std::nullopt;
  sqlite::Rows rows = session_.query(sql::kFindInbound, event.customer, word(event.content.channel),
                                     event.content.provider, event.content.provider_message_id);
  if (!rows.next()) return std::nullopt;
  return storedMessage(rows);
}

bool Persisting::keyKnown(const Event& event) {
  return session_.query(sql::kFindKey, event.customer, event.key).next();
}

void Persisting::insert(const Event& event, std::int64_t conversation) {
  const Content& content = event.content;
  const bool inbound = event.kind == Kind::InboundMessage;
  session_.execute(sql::kInsertMessage, event.id, conversation, event.customer,
                   std::string_view(inbound ? "inbound" : "outbound"), word(content.channel), word(content.type),
                   content.from, content.to, column(content.timestamp), store::snippet(content.body),
                   word(store::initialStatus(event.kind)),
                   inbound ? std::string_view(content.provider) : std::string_view(),
                   inbound ? std::string_view(content.provider_message_id) : std::string_view(), event.key,
                   event.fingerprint, event.policy, event.request_id, column(event.accepted_at), column(now_));
  session_.execute(sql::kInsertContent, session_.lastRow(), content.subject, store::listColumn(content.attachments),
                   content.metadata, content.body);
}

}  // namespace penstock::sqlite_store
