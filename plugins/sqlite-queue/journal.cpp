#include "sqlite-queue/journal.h"

#include "shared/dispatch/waits.h"
#include "shared/durable/window.h"
#include "sqlite-queue/change.h"
#include "sqlite-queue/sql.h"

#include <algorithm>
#include <random>

namespace penstock::sqlite_queue {
namespace {

using durable::Ending;
using durable::Fate;
using durable::Item;

constexpr std::int64_t kTidyRows = 1000;  // a quiet moment must not become a long one

/// Lease numbers of different runs do not meet.
std::uint64_t randomStart() {
  std::random_device random;
  return (static_cast<std::uint64_t>(random()) << 32 | random()) >> 1;
}

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

std::unique_ptr<Item> itemOf(const sqlite::Rows& row, WallTime now) {
  auto item = std::make_unique<Item>();
  item->sequence = static_cast<std::uint64_t>(row.integer(0));
  item->id = digest<Uuid>(row.bytes(1));
  item->conversation = digest<Digest128>(row.bytes(2));
  item->age = std::max(Duration::zero(), now - wallTime(row.integer(3)));
  item->text = std::make_shared<const std::string>(row.text(4));
  return item;
}

}  // namespace

SqliteJournal::SqliteJournal(Context& context, const Limits& limits, const sqlite::SessionOptions& options)
    : context_(context),
      limits_(limits),
      metrics_(context.metrics),
      clock_(context.clock),
      file_(context, options, metrics_),
      last_lease_(randomStart()) {
  try {
    voidLeases();
  } catch (const QueueUnavailable& failure) {
    throw StartFailure("the database " + options.path + " cannot be written: " + failure.what() +
                       "; check that no other process has it and that its disk has room");
  }
}

Counts SqliteJournal::counts() const {
  std::lock_guard guard(counts_mutex_);
  return counts_;
}

void SqliteJournal::change(const std::function<void(Change&)>& work) {
  // Transactions come one after the other, but not what follows them: the counts a transaction begins with are those
  // that all before it have left.
  std::lock_guard turn(turn_);
  Counts by;
  file_.write([&](sqlite::Session& session) {
    Change change(session, clock_.now(), limits_, counts());
    work(change);
    const auto keep = [&](std::string_view name, std::int64_t amount) {
      if (amount != 0) session.execute(sql::kAddCount, name, amount);
    };
    keep("live", change.by.live);
    keep("bytes", change.by.bytes);
    keep("waiting", change.by.waiting);
    keep("dead", change.by.dead);
    keep("finished_keys", change.by.finished_keys);
    by = change.by;
    return true;
  });
  std::lock_guard guard(counts_mutex_);
  counts_ += by;
}

/// The leases of the run before are nobody's now. It ended with them in somebody's hands, so their events are suspects;
/// one that was handed out alone is counted, or a poison would end every run to come.
void SqliteJournal::voidLeases() {
  file_.write([&](sqlite::Session& session) {
    auto rows = session.query(sql::kReadCounts);
    while (rows.next()) {
      const std::string_view name = rows.text(0);
      const std::int64_t value = rows.integer(1);
      if (name == "live") counts_.live = value;
      if (name == "bytes") counts_.bytes = value;
      if (name == "waiting") counts_.waiting = value;
      if (name == "dead") counts_.dead = value;
      if (name == "finished_keys") counts_.finished_keys = value;
    }
    return true;
  });
  std::vector<std::unique_ptr<Item>> left = file_.read([this](sqlite::Session& session) {
    std::vector<std::unique_ptr<Item>> items;
    auto rows = session.query(sql::kLeasesLeft);
    while (rows.next()) {
      auto item = itemOf(rows, clock_.now());
      item->alone = rows.integer(5) == 2;
      item->attempts = static_cast<std::uint32_t>(rows.integer(6));
      item->expiries_alone = static_cast<std::uint32_t>(rows.integer(7));
      item->waits = rows.text(8);
      items.push_back(std::move(item));
    }
    return items;
  });
  if (left.empty()) return;
  std::vector<Item*> items;
  for (const auto& item : left) items.push_back(item.get());
  const std::vector<Fate> fates = expire(items);
  metrics_.dead_letters.add(Grounds::CrashSuspect,
                            static_cast<double>(std::count(fates.begin(), fates.end(), Fate::Buried)));
  context_.log.notice("queue.leases_voided", "events were in somebody's hands when the last run ended",
                      {{"events", std::to_string(items.size())}});
}

void SqliteJournal::publish(std::span<durable::Publication> batch) {
  change([&](Change& change) {
    for (durable::Publication& publication : batch) change.publish(publication);
  });
}

durable::Intake SqliteJournal::read(std::size_t room, std::uint64_t bytes, durable::Window& window) {
  const WallTime now = clock_.now();
  durable::Intake intake;
  // Kept only when all of it has come.
  auto read_to = cursor_;
  file_.read([&](sqlite::Session& session) {
    std::uint64_t read_bytes = 0;
    const auto take = [&](std::unique_ptr<Item> item) {
      read_bytes += item->text->size();
      intake.items.push_back(std::move(item));
    };
    const std::size_t due_limit = room + window.touched();
    std::size_t due_rows = 0;
    auto due = session.query(sql::kReadDue, micros(now), due_limit);
    while (intake.items.size() < room && read_bytes < bytes && due.next()) {
      ++due_rows;
      if (window.holds(static_cast<std::uint64_t>(due.integer(0)))) continue;
      auto item = itemOf(due, now);
      item->touched = true;
      item->ready_for = now - wallTime(due.integer(5));
      item->attempts = static_cast<std::uint32_t>(due.integer(6));
      item->expiries_alone = static_cast<std::uint32_t>(due.integer(7));
      item->suspect = due.integer(8) != 0;
      item->earlier_attempts = static_cast<std::uint32_t>(due.integer(9));
      item->waits = due.text(10);
      take(std::move(item));
    }
    const std::size_t log_limit = room - intake.items.size();
    std::size_t log_rows = 0;
    if (log_limit > 0) {
      auto log = session.query(sql::kReadLog, cursor_, log_limit);
      while (read_bytes < bytes && log.next()) {
        ++log_rows;
        auto item = itemOf(log, now);
        item->ready_for = item->age;
        read_to = log.integer(0);
        take(std::move(item));
      }
    }
    intake.more = due_rows == due_limit || log_rows == log_limit || read_bytes >= bytes;
    auto next = session.query(sql::kNextDue, micros(now));
    next_due_ = next.next() ? clock_.steady(wallTime(next.integer(0))) : SteadyTime::max();
    return true;
  });
  cursor_ = read_to;
  return intake;
}

void SqliteJournal::handOver(std::span<Item* const> items, Duration /*lease*/) {
  change([&](Change& change) {
    for (const Item* item : items) change.handOver(*item);
  });
  for (Item* item : items) item->lease = ++last_lease_;
}

void SqliteJournal::settle(std::span<Ending> endings) {
  const WallTime now = clock_.now();
  WallTime earliest = WallTime::max();
  std::vector<State> after;
  change([&](Change& change) {
    for (Ending& ending : endings) {
      const Item& item = *ending.item;
      State& state = after.emplace_back(item);
      state.waits = dispatch::waitsAfter(item.waits, *ending.settlement);
      const auto put_back = [&](Duration delay) {
        const WallTime due = now + durable::bounded(delay);
        change.putBack(item.sequence, state, due);
        ending.fate = delay > Duration::zero() ? Fate::Gone : Fate::Ready;
        if (ending.fate == Fate::Gone) earliest = std::min(earliest, due);
      };
      std::visit(Overloaded{[&](const Done&) {
                              change.finish(item);
                              ending.fate = Fate::Gone;
                            },
                            [&](const RetryAfter& retry) {
                              change.fail(item, retry.reason);
                              state.suspect = false;
                              put_back(retry.delay);
                            },
                            [&](const Dead& dead) {
                              change.fail(item, dead.reason);
                              change.bury(item, dead);
                              ending.fate = Fate::Gone;
                            },
                            [&](const Release& release) {
                              --state.attempts;
                              put_back(release.delay);
                            }},
                 ending.settlement->outcome);
    }
  });
  for (std::size_t i = 0; i < endings.size(); ++i) after[i].giveTo(*endings[i].item);
  if (earliest != WallTime::max()) soonest(earliest);
}

std::vector<Fate> SqliteJournal::expire(std::span<Item* const> items) {
  const WallTime now = clock_.now();
  std::vector<State> after;
  std::vector<Fate> fates;
  change([&](Change& change) {
    for (const Item* item : items) {
      State& state = after.emplace_back(*item);
      change.fail(*item, "lease_expired");
      state.suspect = true;
      if (item->alone) ++state.expiries_alone;
      const bool over = state.expiries_alone >= durable::kExpiriesCondemned;
      fates.push_back(over ? Fate::Buried : Fate::Ready);
      if (over)
        change.bury(*item, {.reason = "crash_suspect", .grounds = Grounds::CrashSuspect});
      else
        change.putBack(item->sequence, state, now);
    }
  });
  for (std::size_t i = 0; i < items.size(); ++i) {
    after[i].giveTo(*items[i]);
    if (!items[i]->alone || items[i]->expiries_alone != durable::kExpiriesAlone) continue;
    metrics_.crash_suspects.add();
    context_.log.warning("queue.crash_suspect",
                         "an event's lease ran out three times while it was alone; it is given up",
                         {{"id", items[i]->id.text()}});
  }
  return fates;
}

void SqliteJournal::tidy(durable::Window& /*window*/) {
  file_.probe();
  const Counts now = counts();
  const auto over = [](std::int64_t count, std::uint64_t most) {
    return std::max<std::int64_t>(0, count - static_cast<std::int64_t>(most));
  };
  const std::int64_t dead_over = std::min(kTidyRows, over(now.dead, limits_.max_dead_letters));
  const std::int64_t keys_over = std::min(kTidyRows, over(now.finished_keys, limits_.max_keys));
  const WallTime oldest = clock_.now() - limits_.dead_letter_retention;
  const auto rows = [](sqlite::Session& session, std::string_view query, std::int64_t by, std::int64_t limit) {
    std::vector<std::int64_t> sequences;
    auto found = session.query(query, by, limit);
    while (found.next()) sequences.push_back(found.integer(0));
    return sequences;
  };
  const bool work = dead_over > 0 || keys_over > 0 || file_.read([&](sqlite::Session& session) {
    auto dead = session.query(sql::kExpiredDead, micros(oldest), 1);
    auto key = session.query(sql::kExpiredKey, micros(clock_.now()));
    return dead.next() || key.next();
  });
  if (!work) return;
  change([&](Change& change) {
    for (const std::int64_t sequence : rows(change.session, sql::kExpiredDead, micros(oldest), kTidyRows))
      change.removeDead(sequence);
    std::vector<std::int64_t> evicted;
    if (dead_over > 0) {
      auto found = change.session.query(sql::kEvictableDead, dead_over);
      while (found.next()) evicted.push_back(found.integer(0));
    }
    for (const std::int64_t sequence : evicted) change.removeDead(sequence);
    metrics_.dead_letters_evicted.add(static_cast<double>(evicted.size()));
    change.add({.finished_keys = -change.session.execute(sql::kExpireKeys, micros(clock_.now()), kTidyRows)});
    if (keys_over > 0) {
      const std::int64_t forgotten = change.session.execute(sql::kEvictKeys, keys_over);
      change.add({.finished_keys = -forgotten});
      metrics_.keys_evicted.add(static_cast<double>(forgotten));
    }
  });
}

QueueStats SqliteJournal::stats(const durable::Window& window) {
  const Counts now = counts();
  const auto count = [](std::int64_t value) { return static_cast<std::uint64_t>(std::max<std::int64_t>(0, value)); };
  QueueStats stats;
  stats.leased = window.leasedCount();
  stats.scheduled = count(now.waiting - static_cast<std::int64_t>(window.touched()));
  stats.ready = count(now.live - static_cast<std::int64_t>(stats.leased + stats.scheduled));
  stats.dead = count(now.dead);
  stats.bytes = count(now.bytes);
  if (const Item* oldest = window.oldest())
    stats.oldest_ready_age = std::chrono::floor<Duration>(context_.clock.now() - oldest->time);
  return stats;
}

}  // namespace penstock::sqlite_queue
