#include "pg-queue/journal.h"

#include "pg-queue/partition.h"
#include "pg-queue/seconds.h"
#include "pg-queue/sql.h"
#include "shared/durable/window.h"
#include "shared/postgres/config.h"

#include <algorithm>
#include <utility>

namespace penstock::pg_queue {
namespace {

using durable::Item;
using durable::Publication;
using durable::Window;
using postgres::Array;
using postgres::Parameters;

// A planner without statistics must not prefer to read whole tables, as it does while they are small.
constexpr std::string_view kPlans = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off";
constexpr auto kBlockedLong = std::chrono::seconds(10);  // nobody holds such a lock for a moment only
constexpr std::int64_t kStepMade = -2;                   // of rotation: there may be another
constexpr int kRotationSteps = 8;
constexpr auto kIdle = std::chrono::seconds(5);  // without a call for events: others may have the partitions

std::unique_ptr<Item> itemOf(const postgres::Rows& row) {
  auto item = std::make_unique<Item>();
  item->sequence = static_cast<std::uint64_t>(row.integer(0));
  item->slot = static_cast<std::int16_t>(row.integer(1));
  item->touched = item->slot < 0;
  item->partition = static_cast<std::uint8_t>(row.integer(2));
  item->age = std::max(Duration::zero(), fromSeconds(row.real(3)));
  item->id = row.identity<Uuid>(4);
  item->conversation = row.identity<Digest128>(5);
  item->text = std::make_shared<const std::string>(row.text(6));
  item->ready_for = std::max(Duration::zero(), fromSeconds(row.real(7)));
  item->attempts = static_cast<std::uint32_t>(row.integer(8));
  item->expiries_alone = static_cast<std::uint32_t>(row.integer(9));
  item->suspect = row.boolean(10);
  item->earlier_attempts = static_cast<std::uint32_t>(row.integer(11));
  return item;
}

}  // namespace

Settings readSettings(const Context& context) {
  const Config& config = context.config;
  Settings settings{.postgres = postgres::readSettings(context.shared(postgres::kSection)),
                    .max_events = config.integer("max_events"),
                    .max_bytes = static_cast<std::int64_t>(config.size("max_bytes")),
                    .key_window = config.duration("key_window"),
                    .dead_letter_retention = config.duration("dead_letter_retention"),
                    .max_dead_letters = config.integer("max_dead_letters"),
                    .slot_events = config.integer("slot_events"),
                    .slot_age = config.duration("slot_age"),
                    .poll = config.duration("poll"),
                    .attend = config.duration("attend"),
                    .patience = config.duration("patience")};
  settings.postgres.session.settings = kPlans;
  return settings;
}

PgJournal::PgJournal(Context& context, Settings settings, std::function<void()> told)
    : context_(context),
      settings_(std::move(settings)),
      metrics_(context.metrics),
      database_(context, settings_.postgres, std::move(told)) {}

void PgJournal::publish(std::span<Publication> batch) {
  try {
    publishAll(batch);
  } catch (const postgres::Fault& fault) {
    // Something in the batch breaks a rule of the database: found by halves, and the innocent are accepted.
    if (batch.size() == 1) {
      context_.log.error("queue.rejected", "the database will not take an event",
                         {{"id", batch.front().id.text()}, {"reason", fault.what()}});
      batch.front().result = {PublishVerdict::Unavailable, {}};
      return;
    }
    publish(batch.first(batch.size() / 2));
    publish(batch.subspan(batch.size() / 2));
  }
}

void PgJournal::publishAll(std::span<Publication> batch) {
  Array<Uuid> ids(batch.size());
  Array<Digest128> keys(batch.size());
  Array<Digest128> fingerprints(batch.size());
  Array<Digest128> conversations(batch.size());
  Array<std::int16_t> partitions(batch.size());
  Array<std::string_view> texts(batch.size());
  for (const Publication& one : batch) {
    ids.add(one.id);
    keys.add(one.key);
    fingerprints.add(one.fingerprint);
    conversations.add(one.conversation);
    partitions.add(partitionOf(one.conversation));
    texts.add(one.text);
  }
  Parameters parameters;
  parameters.add(ids).add(keys).add(fingerprints).add(conversations).add(partitions).add(texts);
  parameters.add(seconds(settings_.key_window)).add(settings_.max_events).add(settings_.max_bytes);
  parameters.add(consumer_.load());
  int calls = 0;
  database_.runStrictly([&](postgres::Session& session) {
    ++calls;
    auto rows = session.run(sql::kPublish, parameters);
    if (rows.count() == 0) {
      for (Publication& one : batch) one.result = {PublishVerdict::Accepted, one.id};
      return true;
    }
    for (Publication& one : batch) {
      if (!rows.next()) throw QueueUnavailable("the database answered with too few rows");
      switch (rows.integer(0)) {
        case 0:
          one.result = {PublishVerdict::Accepted, one.id};
          break;
        case 1:
          one.result = {PublishVerdict::Duplicate, rows.identity<Uuid>(1)};
          // The call before has committed and only its answer was lost.
          if (calls > 1 && one.result.id == one.id) one.result.verdict = PublishVerdict::Accepted;
          break;
        case 2:
          one.result = {PublishVerdict::Conflict, rows.identity<Uuid>(1)};
          break;
        default:
          one.result = {PublishVerdict::Full, {}};
          one.hopeless = static_cast<std::int64_t>(one.text.size()) > settings_.max_bytes;
      }
    }
    return true;
  });
}

SteadyTime PgJournal::due() { return std::min(next_due_, last_read_ + settings_.poll); }

durable::Intake PgJournal::read(std::size_t room, std::uint64_t bytes, Window& window) {
  const SteadyTime now = context_.clock.now();
  last_read_ = now;
  durable::Intake intake;
  if (partitions_ == 0 || doubt_) {
    next_due_ = SteadyTime::max();
    return intake;
  }
  // Kept only when all of it has come: a part that is repeated must begin where this began.
  std::uint64_t read_to = cursor_;
  database_.run([&](postgres::Session& session) {
    intake = {};
    read_to = cursor_;
    Array<std::int64_t> known;
    window.eachTouched([&](const Item& item) { known.add(static_cast<std::int64_t>(item.sequence)); });
    auto partitions = partitionsOf(partitions_);
    const auto most = static_cast<std::int32_t>(room);
    Parameters due;
    due.add(partitions).add(known).add(most).add(static_cast<std::int64_t>(bytes));
    auto rows = session.run(sql::kReadDue, due);
    std::uint64_t read_bytes = 0;
    while (rows.next()) {
      intake.items.push_back(itemOf(rows));
      intake.items.back()->waits = rows.text(12);
      read_bytes += intake.items.back()->text->size();
    }
    const auto left = static_cast<std::int32_t>(room - intake.items.size());
    bool more = left == 0 || read_bytes >= bytes;
    if (!more) {
      auto found =
          session.query(sql::kReadRing, static_cast<std::int64_t>(cursor_), static_cast<std::int64_t>(partitions_),
                        left, static_cast<std::int64_t>(bytes - read_bytes));
      while (found.next()) {
        auto item = itemOf(found);
        read_to = item->sequence;
        read_bytes += item->text->size();
        if (!window.holds(item->sequence) && !passed_.contains(item->sequence)) intake.items.push_back(std::move(item));
      }
      more = found.count() == left || read_bytes >= bytes;
      if (!more) read_to = std::max(read_to, sift_until_);
    }
    intake.more = more;
    auto mine = partitionsOf(partitions_);
    Parameters next;
    next.add(mine);
    auto soonest = session.run(sql::kNextDue, next);
    next_due_ = soonest.next() && !soonest.isNull(0) ? now + fromSeconds(soonest.real(0)) : SteadyTime::max();
    return true;
  });
  cursor_ = read_to;
  if (cursor_ >= sift_until_) passed_.clear();
  return intake;
}

void PgJournal::tidy(Window& window) {
  const SteadyTime now = context_.clock.now();
  if (consumer_ != 0) {
    if (now - last_read_ > kIdle && window.leasedCount() == 0)
      leave(window);
    else if (next_attend_ <= now)
      attend(window);
  }
  const std::string blocked = database_.run([&](postgres::Session& session) {
    std::string slot;
    for (int steps = 0; steps < kRotationSteps; ++steps) {
      auto rows = session.query(sql::kRotate, settings_.slot_events, seconds(settings_.slot_age),
                                seconds(settings_.key_window));
      rows.next();
      if (rows.integer(0) >= 0) slot = std::to_string(rows.integer(0));
      if (rows.integer(0) != kStepMade) break;
    }
    session.execute(sql::kForgetDead, seconds(settings_.dead_letter_retention), settings_.max_dead_letters);
    return slot;
  });
  watchRotation(blocked);
}

/// Says for how long a lock has kept a slot from being emptied, and once, after a while, whose it is.
void PgJournal::watchRotation(const std::string& blocked_slot) {
  const SteadyTime now = context_.clock.now();
  if (blocked_slot.empty()) {
    metrics_.rotation_blocked.set(0);
    blocked_since_.reset();
    if (std::exchange(blocked_told_, false))
      context_.log.notice("queue.rotation_resumed", "The settled table could be emptied.");
    return;
  }
  if (!blocked_since_) blocked_since_ = now;
  // Not 0, which says that nothing is blocked.
  metrics_.rotation_blocked.set(std::max(1e-3, std::chrono::duration<double>(now - *blocked_since_).count()));
  if (blocked_told_ || now - *blocked_since_ < kBlockedLong) return;
  blocked_told_ = true;
  database_.run([&](postgres::Session& session) {
    auto rows = session.query(sql::kBlocker, blocked_slot);
    const bool found = rows.next();
    context_.log.warning(
        "queue.rotation_blocked",
        "A lock keeps a settled table from being emptied; nothing is lost, the table stays until it ends.",
        {{"slot", blocked_slot},
         {"pid", found ? std::to_string(rows.integer(0)) : std::string("unknown")},
         {"application", found ? std::string(rows.text(1)) : std::string("unknown")},
         {"seconds", found ? std::to_string(static_cast<std::int64_t>(rows.real(2))) : std::string()}});
    return true;
  });
}

QueueStats PgJournal::stats(const Window& window) {
  return database_.run([&](postgres::Session& session) {
    auto rows = session.query(sql::kStats);
    rows.next();
    const auto count = [&](int column) {
      return static_cast<std::uint64_t>(std::max<std::int64_t>(0, rows.integer(column)));
    };
    QueueStats stats;
    stats.leased = count(1);
    stats.scheduled = count(2);
    const std::uint64_t live = count(0);
    stats.ready = live - std::min(live, stats.leased + stats.scheduled);
    stats.dead = count(3);
    stats.bytes = count(4);
    stats.oldest_ready_age = fromSeconds(rows.real(5));
    // Who has all partitions knows better.
    if (partitions_ == kAllPartitions) {
      const Item* oldest = window.oldest();
      stats.oldest_ready_age =
          oldest == nullptr ? Duration::zero() : std::chrono::floor<Duration>(context_.clock.now() - oldest->time);
    }
    return stats;
  });
}

}  // namespace penstock::pg_queue
