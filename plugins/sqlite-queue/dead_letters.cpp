#include "sqlite-queue/change.h"
#include "sqlite-queue/journal.h"
#include "sqlite-queue/sql.h"

namespace penstock::sqlite_queue {
namespace {

/// A filter as the dead letter statements take it: ids in temp.wanted, the rest as parameters.
struct Wanted {
  Wanted(sqlite::Session& session, const DeadLetterFilter& filter) : by_id(!filter.ids.empty()) {
    if (filter.kind) kind = word(*filter.kind);
    if (filter.dead_since) since = micros(*filter.dead_since);
    if (filter.dead_before) before = micros(*filter.dead_before);
    if (!by_id) return;
    session.execute(sql::kClearWanted);
    for (const Uuid& id : filter.ids) session.execute(sql::kAddWanted, id);
  }
  bool by_id;
  std::optional<std::string_view> kind;
  std::optional<std::int64_t> since;
  std::optional<std::int64_t> before;
};

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

std::vector<Failure> failuresOf(sqlite::Session& session, std::int64_t sequence) {
  std::vector<Failure> failures;
  auto rows = session.query(sql::kReadFailures, sequence);
  while (rows.next())
    failures.push_back(
        {wallTime(rows.integer(0)), static_cast<std::uint32_t>(rows.integer(1)), std::string(rows.text(2))});
  return failures;
}

}  // namespace

DeadLetterPage SqliteJournal::list(const DeadLetterFilter& filter, Page page) {
  const std::int64_t kept_since = micros(clock_.now() - limits_.dead_letter_retention);
  return file_.write([&](sqlite::Session& session) {
    const Wanted wanted(session, filter);
    DeadLetterPage result;
    auto total = session.query(sql::kCountDead, wanted.by_id ? 1 : 0, filter.customer, filter.reason, wanted.kind,
                               wanted.since, wanted.before, filter.provider, filter.cause, kept_since);
    if (total.next()) result.total = static_cast<std::uint64_t>(total.integer(0));
    if (page.offset() >= result.total) return result;
    auto rows =
        session.query(sql::kListDead, wanted.by_id ? 1 : 0, filter.customer, filter.reason, wanted.kind, wanted.since,
                      wanted.before, filter.provider, filter.cause, kept_since, page.size, page.offset());
    while (rows.next()) {
      DeadLetter letter;
      letter.event = readable(rows.text(8), digest<Uuid>(rows.bytes(1)), rows.text(2), rows.text(3));
      letter.reason = rows.text(4);
      letter.cause = rows.text(9);
      letter.provider = rows.text(10);
      letter.attempts = static_cast<std::uint32_t>(rows.integer(5));
      letter.replays = static_cast<std::uint32_t>(rows.integer(6));
      letter.dead_at = wallTime(rows.integer(7));
      letter.failures = failuresOf(session, rows.integer(0));
      result.items.push_back(std::move(letter));
    }
    return result;
  });
}

std::optional<DeadLetter> SqliteJournal::get(const Uuid& id) {
  DeadLetterFilter filter;
  filter.ids = {id};
  DeadLetterPage page = list(filter, {1, 1});
  if (page.items.empty()) return std::nullopt;
  return std::move(page.items.front());
}

std::uint64_t SqliteJournal::replay(const DeadLetterFilter& filter, std::uint64_t cap, Duration spread) {
  struct Chosen {
    std::int64_t sequence;
    std::int64_t attempts;
    std::int64_t replays;
    bool suspect;
    std::int64_t bytes;
  };
  const WallTime now = clock_.now();
  const std::int64_t kept_since = micros(now - limits_.dead_letter_retention);
  std::uint64_t replayed = 0;
  change([&](Change& change) {
    const Wanted wanted(change.session, filter);
    std::vector<Chosen> chosen;
    std::int64_t bytes = 0;
    {
      const auto limit =
          static_cast<std::int64_t>(std::min<std::uint64_t>({cap, limits_.max_events, std::uint64_t{1} << 40}));
      auto rows =
          change.session.query(sql::kReplayableDead, wanted.by_id ? 1 : 0, filter.customer, filter.reason, wanted.kind,
                               wanted.since, wanted.before, filter.provider, filter.cause, kept_since, limit);
      while (rows.next()) {
        bytes += rows.integer(4);
        if (!change.hasRoom(bytes, static_cast<std::int64_t>(chosen.size()))) break;
        chosen.push_back(
            {rows.integer(0), rows.integer(1), rows.integer(2), rows.text(3) == "crash_suspect", rows.integer(4)});
      }
    }
    replayed = chosen.size();
    const auto step = replayed == 0 ? Duration() : durable::bounded(spread) / static_cast<std::int64_t>(replayed);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const Chosen& one = chosen[i];
      change.revive(one.sequence, now + step * static_cast<std::int64_t>(i), one.attempts, one.replays, one.suspect,
                    one.bytes);
    }
  });
  if (replayed > 0) next_due_ = context_.clock.now();
  return replayed;
}

std::uint64_t SqliteJournal::discard(std::span<const Uuid> ids) {
  DeadLetterFilter filter;
  filter.ids.assign(ids.begin(), ids.end());
  if (filter.ids.empty()) return 0;
  std::uint64_t removed = 0;
  change([&](Change& change) {
    const Wanted wanted(change.session, filter);
    std::vector<std::int64_t> sequences;
    {
      auto rows = change.session.query(sql::kReplayableDead, 1, std::nullopt, std::nullopt, std::nullopt, std::nullopt,
                                       std::nullopt, std::nullopt, std::nullopt, std::int64_t{0},
                                       static_cast<std::int64_t>(ids.size()));
      while (rows.next()) sequences.push_back(rows.integer(0));
    }
    for (const std::int64_t sequence : sequences) change.removeDead(sequence);
    removed = sequences.size();
  });
  return removed;
}

std::vector<DeadLetterGroup> SqliteJournal::causes(const DeadLetterFilter& filter, std::size_t limit) {
  const std::int64_t kept_since = micros(clock_.now() - limits_.dead_letter_retention);
  return file_.write([&](sqlite::Session& session) {
    const Wanted wanted(session, filter);
    std::vector<DeadLetterGroup> groups;
    auto rows = session.query(sql::kDeadCauses, wanted.by_id ? 1 : 0, filter.customer, filter.reason, wanted.kind,
                              wanted.since, wanted.before, filter.provider, filter.cause, kept_since, limit);
    while (rows.next())
      groups.push_back({.cause = std::string(rows.text(0)),
                        .reason = std::string(rows.text(4)),
                        .count = static_cast<std::uint64_t>(rows.integer(1)),
                        .first_dead_at = wallTime(rows.integer(2)),
                        .last_dead_at = wallTime(rows.integer(3))});
    return groups;
  });
}

}  // namespace penstock::sqlite_queue
