#include "pg-store/persist.h"

#include <string>

#include "pg-store/rows.h"
#include "pg-store/sql.h"
#include "shared/store/columns.h"
#include "shared/store/snippet.h"

namespace penstock::pg_store {

namespace {

std::span<const std::uint8_t> bytesOf(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

bool hasInboundId(const Event& event) {
  return event.kind == Kind::InboundMessage && !event.content.provider_message_id.empty();
}

}  // namespace

Batch::Batch(std::span<const Event> events, WallTime now) : events_(events), now_(now) {
  places_.reserve(events.size());
  for (const Event& event : events) {
    if (event.kind == Kind::DeliveryStatus)
      addReport(event);
    else
      addMessage(event);
  }
}

std::optional<std::size_t> Batch::earlier(const Event& event) const {
  if (const auto found = contents_.find(Keyed{event.customer, event.key, event.fingerprint}); found != contents_.end())
    return found->second;
  if (hasInboundId(event)) {
    const Content& written = event.content;
    const auto found = inbound_.find({event.customer, written.channel, written.provider, written.provider_message_id});
    if (found != inbound_.end()) return found->second;
  }
  if (const auto found = ids_.find(event.id); found != ids_.end()) return found->second;
  return std::nullopt;
}

void Batch::addMessage(const Event& event) {
  if (const auto first = earlier(event)) {
    places_.push_back({.repeated = true, .number = *first});
    alias_.add(event.id);
    alias_of_.add(static_cast<std::int64_t>(*first) + 1);
    return;
  }
  const std::size_t number = id_.count();
  const bool key_known = !keys_.try_emplace({event.customer, event.key}, number).second;
  places_.push_back({.key_known = key_known, .number = number});
  contents_.emplace(Keyed{event.customer, event.key, event.fingerprint}, number);
  ids_.emplace(event.id, number);
  if (hasInboundId(event))
    inbound_.emplace(
        Inbound{event.customer, event.content.channel, event.content.provider, event.content.provider_message_id},
        number);
  addColumns(event);
}

void Batch::addColumns(const Event& event) {
  const Content& content = event.content;
  const bool inbound = event.kind == Kind::InboundMessage;
  id_.add(event.id);
  customer_.add(event.customer);
  key_.add(event.key);
  fingerprint_.add(event.fingerprint);
  policy_.add(event.policy);
  identity_.add(Digest128::of({event.customer, word(content.channel), event.conversation}));
  channel_.add(word(content.channel));
  conversation_.add(event.conversation);
  participant_a_.add(event.participant_a);
  participant_b_.add(event.participant_b);
  direction_.add(inbound ? "inbound" : "outbound");
  type_.add(word(content.type));
  sender_.add(content.from);
  recipient_.add(content.to);
  timestamp_.add(content.timestamp);
  snippet_.add(store::snippet(content.body));
  provider_.add(inbound ? std::string_view(content.provider) : std::string_view());
  provider_message_.add(inbound ? std::string_view(content.provider_message_id) : std::string_view());
  request_.add(event.request_id);
  accepted_.add(event.accepted_at);
  subject_.add(content.subject);
  attachments_.add(store::listColumn(content.attachments));
  metadata_.add(content.metadata);
  body_.add(bytesOf(content.body));
}

void Batch::addReport(const Event& event) {
  places_.push_back({.report = true, .number = report_status_.count()});
  const auto status = store::reportable(event.content.status);
  report_provider_.add(event.content.provider);
  report_message_.add(event.content.provider_message_id);
  report_status_.add(status ? word(*status) : std::string_view());
  report_own_.add(event.content.message_id.value_or(Uuid{}));
}

postgres::Parameters Batch::parameters() {
  postgres::Parameters parameters;
  parameters.add(id_)
      .add(customer_)
      .add(key_)
      .add(fingerprint_)
      .add(policy_)
      .add(identity_)
      .add(channel_)
      .add(conversation_);
  parameters.add(participant_a_).add(participant_b_).add(direction_).add(type_).add(sender_).add(recipient_);
  parameters.add(timestamp_).add(snippet_).add(provider_).add(provider_message_).add(request_).add(accepted_);
  parameters.add(subject_).add(attachments_).add(metadata_).add(body_).add(now_).add(alias_).add(alias_of_);
  if (report_status_.count() != 0)
    parameters.add(report_provider_).add(report_message_).add(report_status_).add(report_own_);
  return parameters;
}

void Batch::readMessage(const postgres::Rows& rows, std::size_t number, std::vector<Persisted>& found) const {
  Persisted& one = found[number];
  one.message = rows.identity<Uuid>(1);
  one.conversation = rows.integer(2);
  one.status = statusOf(rows.text(3));
  one.verdict = rows.boolean(4) ? PersistVerdict::Inserted : PersistVerdict::Existing;
  one.key_reused = rows.boolean(5);
}

Persisted Batch::readReport(const postgres::Rows& rows, const Event& event) {
  const std::string_view result = rows.text(6);
  if (result == "applied") ++tally_.applied;
  if (result == "stale") ++tally_.stale;
  if (result == "kept") ++tally_.kept;
  if (result == "unreadable") ++tally_.unreadable;
  if (rows.isNull(1)) return {PersistVerdict::Inserted, event.id};
  return {PersistVerdict::Existing, rows.identity<Uuid>(1), rows.integer(2), statusOf(rows.text(3))};
}

std::vector<Persisted> Batch::persist(postgres::Session& session) {
  tally_ = {};
  const std::size_t message_count = id_.count();
  std::vector<const Event*> reports;
  for (const Event& event : events_)
    if (event.kind == Kind::DeliveryStatus) reports.push_back(&event);
  std::vector<Persisted> messages(message_count);
  std::vector<Persisted> reported(reports.size());
  postgres::Rows rows = session.run(reports.empty() ? sql::kPersistMessages : sql::kPersistAll, parameters());
  while (rows.next()) {
    const auto number = static_cast<std::size_t>(rows.integer(0)) - 1;
    if (number < message_count)
      readMessage(rows, number, messages);
    else
      reported[number - message_count] = readReport(rows, *reports[number - message_count]);
  }

  std::vector<Persisted> results;
  results.reserve(places_.size());
  for (const Place& place : places_) {
    Persisted one = place.report ? reported[place.number] : messages[place.number];
    if (place.repeated) {
      one.verdict = PersistVerdict::Existing;
      one.key_reused = false;
    } else if (place.key_known && one.verdict == PersistVerdict::Inserted) {
      one.key_reused = true;
    }
    results.push_back(one);
  }
  return results;
}

}  // namespace penstock::pg_store
