#include "pg-queue/journal.h"
#include "pg-queue/seconds.h"
#include "pg-queue/sql.h"
#include "shared/dispatch/waits.h"
#include "shared/durable/window.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

// How events are handed out and how leases on them end.

namespace penstock::pg_queue {
namespace {

using durable::Ending;
using durable::Fate;
using durable::Item;
using postgres::Array;
using postgres::Parameters;

constexpr int kLeaseBits = 36;  // leases of one consumer; consumers are numbered above them

Fate fateOf(std::int64_t number) {
  constexpr std::array kFates{Fate::Gone, Fate::Ready, Fate::Leased, Fate::Buried};
  return kFates.at(static_cast<std::size_t>(number));
}

}  // namespace

void PgJournal::handOver(std::span<Item* const> items, Duration lease) {
  std::vector<Item*> together;
  std::vector<Item*> alone;
  for (Item* item : items) (item->alone ? alone : together).push_back(item);
  if (!together.empty()) handOverGroup(together, lease, false);
  for (Item*& item : alone) handOverGroup({&item, 1}, lease, true);
}

void PgJournal::handOverGroup(std::span<Item* const> items, Duration lease, bool alone) {
  std::vector<const Item*> ordered(items.begin(), items.end());
  std::sort(ordered.begin(), ordered.end(), [](const Item* a, const Item* b) {
    return std::pair(a->slot, a->sequence) < std::pair(b->slot, b->sequence);
  });
  Array<std::int16_t> slots;
  Array<std::int32_t> counts;
  Array<std::int64_t> sequences(ordered.size());
  Array<std::int64_t> delayed;
  for (std::size_t i = 0; i < ordered.size();) {
    const std::int16_t slot = ordered[i]->slot;
    const std::size_t first = i;
    for (; i < ordered.size() && ordered[i]->slot == slot; ++i)
      (slot < 0 ? delayed : sequences).add(static_cast<std::int64_t>(ordered[i]->sequence));
    if (slot < 0) continue;
    slots.add(slot);
    counts.add(static_cast<std::int32_t>(i - first));
  }
  if (doubt_) throw QueueUnavailable("it is not known which events this process may hand out");
  const std::int64_t number = (consumer_ << kLeaseBits) + ++leases_;
  Parameters parameters;
  parameters.add(consumer_.load())
      .add(version_)
      .add(std::string_view(timeline_))
      .add(number)
      .add(seconds(lease))
      .add(alone)
      .add(slots)
      .add(counts)
      .add(sequences)
      .add(delayed);
  // Until it is known to be done: what was taken may be handed out after all, and must not be under a second lease.
  doubt_ = true;
  const bool known = database_.run([&](postgres::Session& session) {
    auto rows = session.run(sql::kHandOver, parameters);
    return rows.next() && rows.boolean(0);
  });
  if (!known) throw QueueUnavailable("others may hand out these events by now");
  doubt_ = false;
  for (Item* item : items) {
    item->lease = static_cast<std::uint64_t>(number);
    if (item->sequence > cursor_ && cursor_ < sift_until_) passed_.insert(item->sequence);
  }
}

void PgJournal::settle(std::span<Ending> endings) {
  // Nearly all are done and lie in the ring; those come last, by lease.
  const auto usual = [](const Ending& ending) {
    return ending.item->slot >= 0 && std::holds_alternative<Done>(ending.settlement->outcome);
  };
  std::vector<Ending*> done;
  std::vector<Ending*> others;
  for (Ending& ending : endings) (usual(ending) ? done : others).push_back(&ending);
  // Those that are done can be settled again without harm when the others fail.
  if (!done.empty()) settleDone(done);
  if (!others.empty()) settleOthers(others);
}

void PgJournal::settleDone(std::vector<Ending*>& endings) {
  const auto place = [](const Ending* ending) {
    return std::tuple(ending->item->slot, ending->item->lease, ending->item->sequence);
  };
  std::sort(endings.begin(), endings.end(), [&](const Ending* a, const Ending* b) { return place(a) < place(b); });
  Array<std::int16_t> slots;
  Array<std::int64_t> leases;
  Array<std::int32_t> counts;
  Array<std::int64_t> bytes;
  Array<std::int64_t> sequences(endings.size());
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i < endings.size();) {
    const Item& first = *endings[i]->item;
    const std::size_t begin = i;
    std::int64_t sum = 0;
    for (; i < endings.size() && endings[i]->item->slot == first.slot && endings[i]->item->lease == first.lease; ++i) {
      sum += static_cast<std::int64_t>(endings[i]->item->text->size());
      sequences.add(static_cast<std::int64_t>(endings[i]->item->sequence));
    }
    slots.add(first.slot);
    leases.add(static_cast<std::int64_t>(first.lease));
    counts.add(static_cast<std::int32_t>(i - begin));
    bytes.add(sum);
    ends.push_back(i);
  }
  Parameters parameters;
  parameters.add(slots).add(leases).add(counts).add(bytes).add(sequences);
  const std::vector<bool> settled = settledBy(sql::kDone, parameters);
  std::size_t i = 0;
  for (std::size_t lease = 0; lease < ends.size(); ++lease)
    for (; i < ends[lease]; ++i) endings[i]->fate = settled.at(lease) ? Fate::Gone : Fate::LeaseLost;
}

std::vector<bool> PgJournal::settledBy(std::string_view statement, const Parameters& parameters) {
  return database_.run([&](postgres::Session& session) {
    std::vector<bool> answers;
    auto rows = session.run(statement, parameters);
    while (rows.next()) answers.push_back(rows.boolean(0));
    return answers;
  });
}

void PgJournal::settleOthers(std::span<Ending* const> endings) {
  Array<std::int16_t> slots;
  Array<std::int64_t> leases;
  Array<std::int64_t> sequences;
  Array<std::int32_t> bytes;
  Array<std::int16_t> outcomes;
  Array<double> delays;
  Array<std::string_view> reasons;
  Array<std::string_view> causes;
  Array<std::string_view> providers;
  std::vector<std::string> waits;
  for (const Ending* ending : endings) {
    const auto& outcome = ending->settlement->outcome;
    std::int16_t kind = 0;
    Duration delay{};
    std::string_view reason;
    std::string cause;
    std::string_view provider;
    if (const auto* retry = std::get_if<RetryAfter>(&outcome)) {
      kind = 1;
      delay = durable::bounded(retry->delay);
      reason = durable::clipped(retry->reason);
    } else if (const auto* dead = std::get_if<Dead>(&outcome)) {
      kind = 2;
      reason = durable::clipped(dead->reason);
      cause = causeOf(reason);
      provider = durable::clipped(dead->provider);
    } else if (const auto* release = std::get_if<Release>(&outcome)) {
      kind = 3;
      delay = durable::bounded(release->delay);
    }
    slots.add(ending->item->slot);
    leases.add(static_cast<std::int64_t>(ending->item->lease));
    sequences.add(static_cast<std::int64_t>(ending->item->sequence));
    bytes.add(static_cast<std::int32_t>(ending->item->text->size()));
    outcomes.add(kind);
    delays.add(seconds(delay));
    reasons.add(reason);
    causes.add(cause);
    providers.add(provider);
    waits.push_back(dispatch::waitsAfter(ending->item->waits, *ending->settlement));
  }
  Array<std::string_view> waited;
  for (const std::string& text : waits) waited.add(text);
  Parameters parameters;
  parameters.add(slots).add(leases).add(sequences).add(bytes).add(outcomes).add(delays).add(reasons);
  parameters.add(causes).add(providers).add(waited);
  const std::vector<bool> settled = settledBy(sql::kSettle, parameters);
  const SteadyTime now = context_.clock.now();
  for (std::size_t i = 0; i < endings.size(); ++i) {
    Ending& ending = *endings[i];
    Item& item = *ending.item;
    ending.fate = i < settled.size() && settled[i] ? Fate::Gone : Fate::LeaseLost;
    if (ending.fate == Fate::LeaseLost) continue;
    const auto* retry = std::get_if<RetryAfter>(&ending.settlement->outcome);
    const auto* release = std::get_if<Release>(&ending.settlement->outcome);
    if (retry == nullptr && release == nullptr) continue;
    const Duration delay = retry != nullptr ? retry->delay : release->delay;
    item.slot = -1;
    item.waits = std::move(waits[i]);
    if (retry != nullptr) item.suspect = false;
    if (release != nullptr) --item.attempts;
    if (delay > Duration::zero())
      next_due_ = std::min(next_due_, now + durable::bounded(delay));
    else if (owns(item))
      ending.fate = Fate::Ready;
  }
}

std::vector<Fate> PgJournal::expire(std::span<Item* const> items) {
  Array<std::int16_t> slots;
  Array<std::int64_t> leases;
  Array<std::int64_t> sequences;
  for (const Item* item : items) {
    slots.add(item->slot);
    leases.add(static_cast<std::int64_t>(item->lease));
    sequences.add(static_cast<std::int64_t>(item->sequence));
  }
  Parameters parameters;
  parameters.add(slots).add(leases).add(sequences).add(std::string_view(causeOf("crash_suspect")));
  const std::vector<Fate> fates = database_.run([&](postgres::Session& session) {
    std::vector<Fate> found;
    auto rows = session.run(sql::kExpire, parameters);
    while (rows.next()) found.push_back(fateOf(rows.integer(0)));
    return found;
  });
  std::vector<Fate> result;
  for (std::size_t i = 0; i < items.size(); ++i) {
    Item& item = *items[i];
    Fate fate = fates.at(i);
    if (fate == Fate::Ready) {
      item.slot = -1;
      item.suspect = true;
      if (item.alone) ++item.expiries_alone;
      // One that others had leased is read anew, with its history.
      if (item.foreign || !owns(item)) fate = Fate::Gone;
    }
    if (fate == Fate::Gone || fate == Fate::Buried) next_due_ = {};
    result.push_back(fate);
  }
  return result;
}

}  // namespace penstock::pg_queue
