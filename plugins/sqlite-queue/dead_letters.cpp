#include "shared/dispatch/cause_tally.h"
#include "sqlite-queue/change.h"
#include "sqlite-queue/journal.h"
#include "sqlite-queue/sql.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::sqlite_queue {
namespace {

/// A filter as the statements on dead letters take it.
class Question {
public:
  Question(const DeadLetterFilter& filter, WallTime kept_since) : filter_(filter), kept_since_(micros(kept_since)) {
    if (filter.kind) kind_ = word(*filter.kind);
    if (filter.dead_since) since_ = micros(*filter.dead_since);
    if (filter.dead_before) before_ = micros(*filter.dead_before);
    if (filter.ids.empty()) return;
    std::vector<std::uint8_t>& ids = ids_.emplace();
    for (const Uuid& id : filter.ids) ids.insert(ids.end(), id.bytes.begin(), id.bytes.end());
  }

  /// `sql` without the conditions that do not apply, with these values and `more` bound.
  template <typename... More>
  std::unique_ptr<sqlite::Statement> ask(sqlite::Session& session, std::string_view sql, const More&... more) const {
    auto statement = std::make_unique<sqlite::Statement>(session.handle(), narrowed(sql));
    statement->bind(sqlite::Bound::Copied, ids_, filter_.customer, filter_.reason, kind_, since_, before_,
                    filter_.provider, filter_.cause, kept_since_, more...);
    return statement;
  }

private:
  std::string narrowed(std::string_view sql) const {
    constexpr std::string_view kMark = "--?";
    const std::array given{
        ids_.has_value(),   filter_.customer.has_value(), filter_.reason.has_value(),   kind_.has_value(),
        since_.has_value(), before_.has_value(),          filter_.provider.has_value(), filter_.cause.has_value()};
    std::string text;
    while (!sql.empty()) {
      const std::string_view line = sql.substr(0, sql.find('\n'));
      sql.remove_prefix(std::min(sql.size(), line.size() + 1));
      const bool condition =
          line.size() > kMark.size() && line.substr(line.size() - kMark.size() - 1, kMark.size()) == kMark;
      if (!condition || given.at(static_cast<std::size_t>(line.back() - '1'))) text.append(line).append("\n");
    }
    return text;
  }

  const DeadLetterFilter& filter_;
  const std::int64_t kept_since_;
  std::optional<std::vector<std::uint8_t>> ids_;
  std::optional<std::string_view> kind_;
  std::optional<std::int64_t> since_;
  std::optional<std::int64_t> before_;
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
  const Question question(filter, clock_.now() - limits_.dead_letter_retention);
  return file_.look([&](sqlite::Session& session) {
    DeadLetterPage result;
    const auto total = question.ask(session, sql::kCountDead, kMostCounted);
    if (total->step()) result.total = static_cast<std::uint64_t>(total->integer(0));
    if (result.total < kMostCounted && page.offset() >= result.total) return result;
    const auto rows = question.ask(session, sql::kListDead, page.size, page.offset());
    while (rows->step()) {
      DeadLetter letter;
      letter.event = readable(rows->text(8), digest<Uuid>(rows->bytes(1)), rows->text(2), rows->text(3));
      letter.reason = rows->text(4);
      letter.cause = rows->text(9);
      letter.provider = rows->text(10);
      letter.attempts = static_cast<std::uint32_t>(rows->integer(5));
      letter.replays = static_cast<std::uint32_t>(rows->integer(6));
      letter.dead_at = wallTime(rows->integer(7));
      letter.failures = failuresOf(session, rows->integer(0));
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

std::vector<DeadLetterGroup> SqliteJournal::causes(const DeadLetterFilter& filter, std::size_t limit) {
  const Question question(filter, clock_.now() - limits_.dead_letter_retention);
  return file_.look([&](sqlite::Session& session) {
    dispatch::CauseTally tally;
    const auto rows = question.ask(session, sql::kDeadCauses, kMostCounted);
    while (rows->step()) tally.add(rows->text(0), rows->text(1), wallTime(rows->integer(2)));
    return std::move(tally).largest(limit);
  });
}

std::vector<Uuid> SqliteJournal::choose(const DeadLetterFilter& filter, std::uint64_t cap) {
  const Question question(filter, clock_.now() - limits_.dead_letter_retention);
  return file_.look([&](sqlite::Session& session) {
    std::vector<Uuid> ids;
    const auto rows = question.ask(session, sql::kChooseDead, cap);
    while (rows->step()) ids.push_back(digest<Uuid>(rows->bytes(0)));
    return ids;
  });
}

std::uint64_t SqliteJournal::replay(const DeadLetterFilter& filter, Duration first, Duration step) {
  struct Chosen {
    std::int64_t sequence;
    std::int64_t attempts;
    std::int64_t replays;
    bool suspect;
    std::int64_t bytes;
  };
  const WallTime now = clock_.now();
  const Question question(filter, now - limits_.dead_letter_retention);
  std::uint64_t replayed = 0;
  change([&](Change& change) {
    std::vector<Chosen> chosen;
    std::int64_t bytes = 0;
    {
      const auto rows = question.ask(change.session, sql::kReplayableDead);
      while (rows->step()) {
        bytes += rows->integer(4);
        if (!change.hasRoom(bytes, static_cast<std::int64_t>(chosen.size()))) break;
        chosen.push_back(
            {rows->integer(0), rows->integer(1), rows->integer(2), rows->text(3) == "crash_suspect", rows->integer(4)});
      }
    }
    replayed = chosen.size();
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const Chosen& one = chosen[i];
      change.revive(one.sequence, now + first + step * static_cast<std::int64_t>(i), one.attempts, one.replays,
                    one.suspect, one.bytes);
    }
  });
  if (replayed > 0) next_due_ = context_.clock.now();
  return replayed;
}

std::uint64_t SqliteJournal::discard(std::span<const Uuid> ids) {
  DeadLetterFilter filter;
  filter.ids.assign(ids.begin(), ids.end());
  if (filter.ids.empty()) return 0;
  const Question question(filter, WallTime{});
  std::uint64_t removed = 0;
  change([&](Change& change) {
    std::vector<std::int64_t> sequences;
    {
      const auto rows = question.ask(change.session, sql::kReplayableDead);
      while (rows->step()) sequences.push_back(rows->integer(0));
    }
    for (const std::int64_t sequence : sequences) change.removeDead(sequence);
    removed = sequences.size();
  });
  return removed;
}

}  // namespace penstock::sqlite_queue
