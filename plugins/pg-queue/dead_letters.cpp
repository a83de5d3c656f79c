#include "pg-queue/journal.h"
#include "pg-queue/seconds.h"
#include "pg-queue/sql.h"

#include <chrono>
#include <map>

namespace penstock::pg_queue {
namespace {

using postgres::Array;
using postgres::Parameters;

Parameters parametersOf(const DeadLetterFilter& filter, Duration retention) {
  Array<Uuid> ids;
  for (const Uuid& id : filter.ids) ids.add(id);
  Parameters parameters;
  parameters.add(ids).add(filter.customer).add(filter.reason);
  parameters.add(filter.kind ? std::optional<std::string_view>(word(*filter.kind)) : std::nullopt);
  parameters.add(filter.dead_since).add(filter.dead_before).add(filter.provider).add(filter.cause);
  parameters.add(seconds(retention));
  return parameters;
}

Event readable(std::string_view text, const Uuid& id, std::string_view customer, std::string_view kind) {
  try {
    return parseEvent(text);
  } catch (const UnreadableEvent&) {
    Event known;
    known.id = id;
    known.kind = parseKind(kind).value_or(Kind::OutboundMessage);
    known.customer = customer;
    return known;
  }
}

void addFailures(postgres::Session& session, std::vector<DeadLetter>& letters) {
  Array<Uuid> ids;
  std::map<Uuid, DeadLetter*> by_id;
  for (DeadLetter& letter : letters) {
    ids.add(letter.event.id);
    by_id[letter.event.id] = &letter;
  }
  Parameters parameters;
  parameters.add(ids);
  auto rows = session.run(sql::kFailuresOf, parameters);
  while (rows.next())
    by_id.at(rows.identity<Uuid>(0))
        ->failures.push_back({WallTime(Duration(rows.integer(1))), static_cast<std::uint32_t>(rows.integer(2)),
                              std::string(rows.text(3))});
}

}  // namespace

DeadLetterPage PgJournal::list(const DeadLetterFilter& filter, Page page) {
  return database_.look([&](postgres::Session& session) {
    DeadLetterPage result;
    Parameters counted = parametersOf(filter, settings_.dead_letter_retention);
    counted.add(static_cast<std::int64_t>(kMostCounted));
    auto total = session.run(sql::kCountDead, counted);
    if (total.next()) result.total = static_cast<std::uint64_t>(total.integer(0));
    if (result.total < kMostCounted && page.offset() >= result.total) return result;
    Parameters parameters = parametersOf(filter, settings_.dead_letter_retention);
    parameters.add(static_cast<std::int64_t>(page.size)).add(static_cast<std::int64_t>(page.offset()));
    auto rows = session.run(sql::kListDead, parameters);
    while (rows.next()) {
      DeadLetter letter;
      letter.event = readable(rows.text(7), rows.identity<Uuid>(0), rows.text(1), rows.text(2));
      letter.event.id = rows.identity<Uuid>(0);
      letter.reason = rows.text(3);
      letter.cause = rows.text(8);
      letter.provider = rows.text(9);
      letter.attempts = static_cast<std::uint32_t>(rows.integer(4));
      letter.replays = static_cast<std::uint32_t>(rows.integer(5));
      letter.dead_at = rows.time(6);
      result.items.push_back(std::move(letter));
    }
    addFailures(session, result.items);
    return result;
  });
}

std::optional<DeadLetter> PgJournal::get(const Uuid& id) {
  DeadLetterFilter filter;
  filter.ids = {id};
  DeadLetterPage page = list(filter, {1, 1});
  if (page.items.empty()) return std::nullopt;
  return std::move(page.items.front());
}

std::vector<Uuid> PgJournal::choose(const DeadLetterFilter& filter, std::uint64_t cap) {
  Parameters parameters = parametersOf(filter, settings_.dead_letter_retention);
  parameters.add(static_cast<std::int64_t>(cap));
  return database_.look([&](postgres::Session& session) {
    std::vector<Uuid> ids;
    auto rows = session.run(sql::kChooseDead, parameters);
    while (rows.next()) ids.push_back(rows.identity<Uuid>(0));
    return ids;
  });
}

std::uint64_t PgJournal::replay(const DeadLetterFilter& filter, Duration first, Duration step) {
  Parameters parameters = parametersOf(filter, settings_.dead_letter_retention);
  parameters.add(seconds(first)).add(seconds(step));
  parameters.add(settings_.max_events).add(settings_.max_bytes);
  const std::int64_t replayed = database_.runOnce([&](postgres::Session& session) {
    auto rows = session.run(sql::kReplayDead, parameters);
    return rows.next() && !rows.isNull(0) ? rows.integer(0) : std::int64_t{0};
  });
  if (replayed > 0) next_due_ = {};
  return static_cast<std::uint64_t>(replayed);
}

std::uint64_t PgJournal::discard(std::span<const Uuid> ids) {
  Array<Uuid> array;
  for (const Uuid& id : ids) array.add(id);
  Parameters parameters;
  parameters.add(array);
  return database_.run([&](postgres::Session& session) {
    auto rows = session.run(sql::kDiscardDead, parameters);
    return rows.next() ? static_cast<std::uint64_t>(rows.integer(0)) : std::uint64_t{0};
  });
}

std::vector<DeadLetterGroup> PgJournal::causes(const DeadLetterFilter& filter, std::size_t limit) {
  Parameters parameters = parametersOf(filter, settings_.dead_letter_retention);
  parameters.add(static_cast<std::int64_t>(limit)).add(static_cast<std::int64_t>(kMostCounted));
  return database_.look([&](postgres::Session& session) {
    std::vector<DeadLetterGroup> groups;
    auto rows = session.run(sql::kDeadCauses, parameters);
    while (rows.next())
      groups.push_back({.cause = std::string(rows.text(0)),
                        .reason = std::string(rows.text(4)),
                        .count = static_cast<std::uint64_t>(rows.integer(1)),
                        .first_dead_at = rows.time(2),
                        .last_dead_at = rows.time(3)});
    return groups;
  });
}

}  // namespace penstock::pg_queue
