#include "pg-queue/journal.h"
#include "pg-queue/partition.h"
#include "pg-queue/seconds.h"
#include "pg-queue/sql.h"
#include "shared/durable/window.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <random>
#include <utility>

// Which partitions this process hands out from, and where it begins.

namespace penstock::pg_queue {

using durable::Fate;
using durable::Item;
using durable::Window;
using postgres::Array;
using postgres::Parameters;

void PgJournal::prepare(Window& window) {
  if (consumer_ == 0 || doubt_ || next_attend_ <= context_.clock.now()) attend(window);
}

/// Shows that this process lives and learns what it may hand out. The window loses what it may not any more. Only while
/// nothing is taken from the window, or what is taken would be neither counted nor given up.
void PgJournal::attend(Window& window) {
  try {
    database_.run([&](postgres::Session& session) {
      attendOn(session, window);
      return true;
    });
  } catch (const QueueUnavailable&) {
    // It may have happened: nothing is handed out before it is known what this process has.
    doubt_ = true;
    throw;
  }
  doubt_ = false;
  next_attend_ = context_.clock.now() + settings_.attend;
  metrics_.partitions.set(static_cast<double>(std::popcount(partitions_)));
}

/// What is in the window and what is known about the ring is nothing any more. Leases that the server still knows are
/// found again as those of another.
void PgJournal::forget(Window& window) {
  window.clear(context_.clock.now());
  partitions_ = 0;
  consumer_ = 0;
  cursor_ = 0;
  sift_until_ = 0;
  passed_.clear();
}

void PgJournal::attendOn(postgres::Session& session, Window& window) {
  auto timeline = session.query(sql::kTimeline);
  timeline.next();
  if (timeline_ != timeline.text(0)) {
    // After a promotion, sequences that were read may be those of other events.
    if (!timeline_.empty()) forget(window);
    timeline_ = timeline.text(0);
  }
  // In doubt it begins anew where it is sure: what may be leased is found in the database.
  const std::uint64_t floor = partitions_ == 0 ? 0 : window.floor(cursor_);
  std::uint64_t mine = 0;
  std::uint64_t kept = doubt_ ? 0 : partitions_;
  std::uint64_t from = std::numeric_limits<std::uint64_t>::max();
  for (int tries = 0; tries < 2; ++tries) {
    if (consumer_ == 0) {
      const std::string name = "penstock " + std::to_string(::getpid());
      auto joined = session.query(sql::kJoin, name, seconds(settings_.patience));
      joined.next();
      consumer_ = joined.integer(0);
      // After a promotion another may be given the same number; its leases must not be taken for this one's.
      leases_ = std::random_device{}();
    }
    auto had = partitionsOf(partitions_);
    Parameters attending;
    attending.add(consumer_.load()).add(seconds(settings_.patience));
    attending.add(static_cast<std::int64_t>(partitions_ == 0 ? 0 : floor)).add(had).add(doubt_);
    auto rows = session.run(sql::kAttend, attending);
    const bool known = rows.next();
    if (known) version_ = rows.integer(1);
    while (rows.next()) {
      const std::uint64_t bit = std::uint64_t{1} << rows.integer(0);
      mine |= bit;
      if ((kept & bit) == 0) from = std::min(from, static_cast<std::uint64_t>(rows.integer(1)));
    }
    if (known) break;
    window.revoke(kAllPartitions);
    partitions_ = kept = 0;
    consumer_ = 0;
  }
  // What is not kept is forgotten before anything else can fail: this may be repeated.
  window.revoke(~(mine & kept));
  partitions_ &= mine & kept;
  doubt_ = true;
  if ((mine & kept) == 0 && mine != 0) cursor_ = from;
  if (const std::uint64_t added = mine & ~kept; added != 0) takeOver(session, window, added, from);
  partitions_ = mine;
  askAfterForeign(session, window);
  doubt_ = false;
}

/// Begins where the owner before has come to: its leases still hold, and what it has handed out is passed over.
void PgJournal::takeOver(postgres::Session& session, Window& window, std::uint64_t added, std::uint64_t from) {
  Array<std::int64_t> known;
  for (const std::uint64_t sequence : window.leasedSequences()) known.add(static_cast<std::int64_t>(sequence));
  auto partitions = partitionsOf(added);
  Parameters parameters;
  parameters.add(partitions).add(known);
  auto rows = session.run(sql::kLeasesOf, parameters);
  const SteadyTime now = context_.clock.now();
  while (rows.next()) {
    auto item = std::make_unique<Item>();
    item->sequence = static_cast<std::uint64_t>(rows.integer(0));
    item->slot = static_cast<std::int16_t>(rows.integer(1));
    item->touched = item->slot < 0;
    item->partition = static_cast<std::uint8_t>(rows.integer(2));
    item->id = rows.identity<Uuid>(3);
    item->conversation = rows.identity<Digest128>(4);
    item->lease = static_cast<std::uint64_t>(rows.integer(5));
    window.adopt(std::move(item), now + fromSeconds(rows.real(6)));
  }
  auto head = session.query(sql::kHead);
  head.next();
  const std::uint64_t newest = static_cast<std::uint64_t>(head.integer(0));
  const std::uint64_t begin = std::min(cursor_, from);
  auto handed = session.query(sql::kHandedAfter, static_cast<std::int64_t>(begin));
  passed_.clear();
  while (handed.next()) passed_.insert(static_cast<std::uint64_t>(handed.integer(0)));
  sift_until_ = std::max({sift_until_, cursor_, newest});
  cursor_ = begin;
}

void PgJournal::askAfterForeign(postgres::Session& session, Window& window) {
  const std::vector<Item*> foreign = window.foreign();
  if (foreign.empty()) return;
  Array<std::int16_t> slots;
  Array<std::int64_t> leases;
  Array<std::int64_t> sequences;
  for (const Item* item : foreign) {
    slots.add(item->slot);
    leases.add(static_cast<std::int64_t>(item->lease));
    sequences.add(static_cast<std::int64_t>(item->sequence));
  }
  Parameters parameters;
  parameters.add(slots).add(leases).add(sequences);
  auto rows = session.run(sql::kLeasesOver, parameters);
  std::vector<std::int64_t> over;
  while (rows.next()) over.push_back(rows.integer(0));
  std::sort(over.begin(), over.end());
  for (Item* item : foreign)
    if (std::binary_search(over.begin(), over.end(), static_cast<std::int64_t>(item->sequence)))
      window.endLease(*item, Fate::Gone, context_.clock.now());
}

void PgJournal::leave(Window& window) {
  if (consumer_ == 0) return;
  auto had = partitionsOf(partitions_);
  Parameters leaving;
  leaving.add(consumer_.load()).add(std::string_view(timeline_));
  leaving.add(static_cast<std::int64_t>(window.floor(cursor_))).add(had);
  window.revoke(kAllPartitions);
  partitions_ = 0;
  consumer_ = 0;
  metrics_.partitions.set(0);
  database_.run([&](postgres::Session& session) {
    session.run(sql::kLeave, leaving);
    return true;
  });
}

}  // namespace penstock::pg_queue
