#include "pg-queue/outbox.h"

#include "pg-queue/partition.h"
#include "pg-queue/seconds.h"
#include "pg-queue/sql.h"

#include <algorithm>
#include <ranges>

namespace penstock::pg_queue {
namespace {

using postgres::Array;
using postgres::Parameters;
using Fate = JudgedDraft::Fate;

constexpr std::int64_t kBatchBytes = 8 << 20;
constexpr std::string_view kReused = "idempotency_key_reused";  // as outbox_move says it
constexpr Duration kLongestPause = std::chrono::seconds(2);
constexpr auto kHeartbeatLimit = std::chrono::minutes(2);

Parameters parametersOf(std::span<const JudgedDraft> drafts, const Settings& settings) {
  Array<std::int64_t> numbers(drafts.size());
  Array<std::int16_t> fates(drafts.size());
  Array<Uuid> ids(drafts.size());
  Array<Digest128> keys(drafts.size());
  Array<Digest128> fingerprints(drafts.size());
  Array<Digest128> conversations(drafts.size());
  Array<std::int16_t> partitions(drafts.size());
  Array<std::string_view> customers(drafts.size());
  Array<std::string_view> texts(drafts.size());
  Array<std::string_view> reasons(drafts.size());
  Array<std::string_view> causes(drafts.size());
  Array<std::string_view> sentences(drafts.size());
  Array<double> delays(drafts.size());
  for (const JudgedDraft& draft : drafts) {
    const durable::Publication& publication = draft.publication;
    numbers.add(draft.number);
    fates.add(static_cast<std::int16_t>(draft.fate));
    ids.add(publication.id);
    keys.add(publication.key);
    fingerprints.add(publication.fingerprint);
    conversations.add(publication.conversation);
    partitions.add(partitionOf(publication.conversation));
    customers.add(publication.customer);
    texts.add(publication.text);
    reasons.add(draft.reason);
    causes.add(causeOf(draft.reason));
    sentences.add(draft.sentence);
    delays.add(seconds(draft.delay));
  }
  Parameters parameters;
  parameters.add(numbers).add(fates).add(ids).add(keys).add(fingerprints).add(conversations).add(partitions);
  parameters.add(customers).add(texts).add(reasons).add(causes).add(sentences).add(delays);
  parameters.add(std::string_view(causeOf(kReused)));
  parameters.add(seconds(settings.key_window));
  parameters.add(settings.max_events).add(settings.max_bytes);
  return parameters;
}

}  // namespace

OutboxOptions readOutboxOptions(const Config& section) {
  return {.enabled = section.boolean("outbox.enabled"),
          .batch = static_cast<std::int32_t>(section.integer("outbox.batch")),
          .poll = section.duration("outbox.poll")};
}

Outbox::Outbox(Context& context, PgJournal& journal, OutboxOptions options)
    : context_(context),
      database_(journal.database()),
      settings_(journal.settings()),
      options_(options),
      metrics_(context.metrics),
      collection_(context.metrics.beforeExposition([this] {
        const std::int64_t since = oldest_since_;
        const std::chrono::duration<double> age = context_.clock.now() - SteadyTime(std::chrono::nanoseconds(since));
        metrics_.oldest.set(since == 0 ? 0 : age.count());
      })),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Outbox::stop() noexcept {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  collection_.reset();
}

void Outbox::run(const std::stop_token& stop) {
  const auto heartbeat = context_.health.heartbeat("pg_queue outbox", kHeartbeatLimit);
  Duration pause = options_.poll;
  while (!stop.stop_requested()) {
    heartbeat->tick();
    Step step = Step::Held;
    try {
      step = look();
      told_fault_ = false;
    } catch (const QueueUnavailable&) {
      // The queue's condition says why, unless only a session is new: the server may have another history.
      pass_.reset();
      seen_.reset();
    } catch (const std::exception& failure) {
      pass_.reset();
      if (!std::exchange(told_fault_, true))
        context_.log.error("outbox.failed", "the outbox could not be moved", {{"cause", failure.what()}});
    }
    if (step == Step::Held) {
      wait(stop, pause);
      pause = std::max(options_.poll, std::min(pause * 2, kLongestPause));
    } else {
      pause = options_.poll;
      if (step == Step::Empty) wait(stop, options_.poll);
    }
  }
}

void Outbox::wait(const std::stop_token& stop, Duration time) {
  std::unique_lock lock(mutex_);
  const SteadyTime until = context_.clock.now() + time;
  while (!stop.stop_requested() && context_.clock.now() < until) context_.clock.wait(lock, changed_, until, stop);
}

Outbox::Step Outbox::look() {
  if (!pass_ && !begin()) {
    pass_.reset();
    return Step::Held;
  }
  Parameters parameters;
  parameters.add(seen_ ? std::optional(seen_->snapshot) : std::nullopt).add(pass_->snapshot);
  parameters.add(after_transaction_).add(after_number_).add(options_.batch).add(kBatchBytes);
  const std::vector<OutboxDraft> drafts = read(sql::kOutboxRead, parameters);
  if (drafts.empty()) {
    if (!left_behind_) seen_ = pass_;
    pass_.reset();
    oldest(oldest_delayed_);
    return Step::Empty;
  }
  const Result result = moveAll(drafts);
  // Scripts that fail for every draft must not turn the whole outbox into drafts that wait.
  if (!result.done || result.postponed == drafts.size()) {
    pass_.reset();
    return Step::Held;
  }
  after_transaction_ = drafts.back().transaction;
  after_number_ = drafts.back().number;
  return Step::Moved;
}

/// Begins a pass with what is to be tried again; false when something is in the way.
bool Outbox::begin() {
  after_transaction_ = 0;
  after_number_ = 0;
  left_behind_ = false;
  database_.run([&](postgres::Session& session) {
    onSameServer(session);
    const SteadyTime now = std::chrono::steady_clock::now();
    auto row = session.query(sql::kOutboxBegin);
    row.next();
    pass_ = Sight{std::string(row.text(0)), now};
    oldest_delayed_ = row.isNull(1) ? Duration::zero() : fromSeconds(row.real(1));
    return true;
  });
  Parameters parameters;
  parameters.add(options_.batch).add(kBatchBytes);
  const std::vector<OutboxDraft> due = read(sql::kOutboxReadDue, parameters);
  return due.empty() || moveAll(due).done;
}

/// Transactions are numbered by the server. One that has come back, from a crash or as a standby that had not got all,
/// gives numbers again that were seen; all sessions that it has then are younger than what was seen before.
void Outbox::onSameServer(const postgres::Session& session) const {
  for (const auto* sight : {&seen_, &pass_})
    if (*sight && session.openedAt() > (*sight)->at)
      throw QueueUnavailable("the session is new; the outbox is read anew");
}

std::vector<OutboxDraft> Outbox::read(std::string_view sql, const Parameters& parameters) {
  return database_.run([&](postgres::Session& session) {
    onSameServer(session);
    std::vector<OutboxDraft> drafts;
    auto rows = session.run(sql, parameters);
    while (rows.next())
      drafts.push_back({.transaction = rows.integer(0),
                        .number = rows.integer(1),
                        .id = rows.identity<Uuid>(2),
                        .created_at = rows.time(3),
                        .age = std::max(Duration::zero(), fromSeconds(rows.real(4))),
                        .tries = static_cast<std::int32_t>(rows.integer(5)),
                        .text = std::string(rows.text(6))});
    return drafts;
  });
}

std::vector<JudgedDraft> Outbox::judgeAll(const std::vector<OutboxDraft>& drafts) {
  std::vector<JudgedDraft> judged;
  judged.reserve(drafts.size());
  for (const OutboxDraft& draft : drafts) judged.push_back(judge(draft, context_.policy, settings_.max_bytes));
  return judged;
}

Outbox::Result Outbox::moveAll(const std::vector<OutboxDraft>& drafts) {
  oldest(std::max(oldest_delayed_, std::ranges::max(drafts, {}, &OutboxDraft::age).age));
  std::vector<JudgedDraft> judged = judgeAll(drafts);
  const auto outcomes = move(judged);
  if (!outcomes) return {};
  const auto count = [&](Outcome outcome) { return static_cast<std::size_t>(std::ranges::count(*outcomes, outcome)); };
  const bool full = count(Outcome::Full) > 0;
  const std::size_t postponed = count(Outcome::Postponed);
  tellOnce(told_full_, full, "outbox.queue_full", "the queue is full; the outbox waits for room");
  tellOnce(told_policy_, postponed > 0, "outbox.postponed",
           "drafts of the outbox could not be judged or stored and are tried again later");
  left_behind_ = left_behind_ || count(Outcome::Locked) > 0;
  return {.done = !full, .postponed = postponed};
}

/// Moves them, and finds by halves which of them the database will not take. Nothing when another process is moving.
std::optional<std::vector<Outbox::Outcome>> Outbox::move(std::span<JudgedDraft> drafts) {
  try {
    return moveOnce(drafts);
  } catch (const postgres::Fault& fault) {
    if (drafts.size() == 1) {
      JudgedDraft& draft = drafts.front();
      if (draft.fate == Fate::Postpone) throw;
      context_.log.error("outbox.rejected", "the database will not take a draft; it is tried again later",
                         {{"message_id", draft.publication.id.text()}, {"reason", fault.what()}});
      draft.fate = Fate::Postpone;
      draft.delay = delayAfter(10);
      return moveOnce(drafts);
    }
  }
  const std::size_t half = drafts.size() / 2;
  auto outcomes = move(drafts.first(half));
  if (!outcomes) return std::nullopt;
  const auto rest = move(drafts.subspan(half));
  if (!rest) return std::nullopt;
  outcomes->insert(outcomes->end(), rest->begin(), rest->end());
  return outcomes;
}

std::optional<std::vector<Outbox::Outcome>> Outbox::moveOnce(std::span<const JudgedDraft> drafts) {
  const Parameters parameters = parametersOf(drafts, settings_);
  std::vector<std::pair<Outcome, Uuid>> answers;
  database_.runStrictly([&](postgres::Session& session) {
    answers.clear();
    auto rows = session.run(sql::kOutboxMove, parameters);
    while (rows.next())
      answers.emplace_back(static_cast<Outcome>(rows.integer(0)), rows.isNull(1) ? Uuid{} : rows.identity<Uuid>(1));
    return true;
  });
  if (answers.empty()) return std::nullopt;
  if (answers.size() != drafts.size()) throw QueueUnavailable("the database answered with too few rows");
  std::vector<Outcome> outcomes;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    tell(drafts[i], answers[i].first, answers[i].second);
    outcomes.push_back(answers[i].first);
  }
  return outcomes;
}

void Outbox::tell(const JudgedDraft& draft, Outcome outcome, const Uuid& first) {
  const std::string id = draft.publication.id.text();
  switch (outcome) {
    case Outcome::Accepted:
      metrics_.accepted.add();
      return context_.log.information("outbox.accepted", "a draft of the outbox was put on the queue",
                                      {{"message_id", id}, {"outcome", "accepted"}});
    case Outcome::Duplicate:
      metrics_.duplicate.add();
      return context_.log.information("outbox.duplicate", "a draft of the outbox was an earlier message again",
                                      {{"message_id", first.text()}, {"draft_id", id}, {"outcome", "duplicate"}});
    case Outcome::Conflict:
      metrics_.conflict.add();
      metrics_.dead_letters.add(Grounds::Rejected);
      return context_.log.notice("outbox.conflict", "an idempotency key was used again with other content",
                                 {{"message_id", first.text()}, {"draft_id", id}, {"outcome", "conflict"}});
    case Outcome::Buried:
      metrics_.refused.add();
      metrics_.dead_letters.add(Grounds::Rejected);
      return context_.log.notice("outbox.refused", "a draft of the outbox was refused and is a dead letter",
                                 {{"message_id", id}, {"outcome", draft.reason}});
    case Outcome::Full:
      return metrics_.full.add();
    case Outcome::Postponed:
      return metrics_.postponed.add();
    case Outcome::Gone:
    case Outcome::Locked:
      return;
  }
}

/// Says it when it begins.
void Outbox::tellOnce(bool& told, bool now, std::string_view event, std::string_view sentence) {
  if (now && !told) context_.log.warning(event, sentence);
  told = now;
}

void Outbox::oldest(Duration age) {
  oldest_since_ = age == Duration::zero() ? 0 : (context_.clock.now() - age).time_since_epoch().count();
}

}  // namespace penstock::pg_queue
