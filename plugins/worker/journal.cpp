#include "worker/journal.h"

#include <algorithm>
#include <string>

namespace penstock {

namespace {

double seconds(Duration time) { return std::chrono::duration<double>(std::max(time, Duration::zero())).count(); }

/// What an event's lines have in common, as text.
struct Named {
  Named(const Event& event, std::uint32_t number)
      : request(event.request_id), message(event.id.text()), key(event.key.hex()), attempt(std::to_string(number)) {}
  const std::string& request;
  std::string message;
  std::string key;
  std::string attempt;
};

}  // namespace

void Journal::received(Duration waited) { metrics.queue_wait.observe(seconds(waited)); }

void Journal::attempted(const Event& event, std::uint32_t attempt, const PersistOutcome& outcome, WallTime now) {
  if (outcome.kind == PersistOutcome::Kind::Kept) return kept(event, attempt, outcome.persisted, now);
  if (outcome.kind == PersistOutcome::Kind::Rejected || outcome.kind == PersistOutcome::Kind::Failed)
    metrics.failed.add();
}

void Journal::kept(const Event& event, std::uint32_t attempt, const Persisted& persisted, WallTime now) {
  const bool inserted = persisted.verdict == PersistVerdict::Inserted;
  if (inserted) metrics.end_to_end.observe(seconds(now - event.accepted_at));
  if (persisted.key_reused) metrics.key_reused.add();
  // One that waits comes back again and again, and its line is written.
  const bool known = !inserted && persisted.message == event.id;
  if (known || !log_.informs()) return;
  const Named named(event, attempt);
  std::string_view outcome = inserted ? "inserted" : "existing";
  if (persisted.key_reused) outcome = "inserted, key reused";
  log_.information("worker.persisted", "message persisted",
                   {{"request_id", named.request},
                    {"message_id", named.message},
                    {"stored_id", persisted.message.text()},
                    {"key", named.key},
                    {"attempt", named.attempt},
                    {"outcome", outcome}});
}

void Journal::settled(const Event& event, std::uint32_t attempt, const Settlement& settlement, SettleVerdict verdict) {
  if (verdict == SettleVerdict::LeaseLost) {
    metrics.lease_lost.add();
    const Named named(event, attempt);
    log_.notice("worker.lease_lost", "the lease had gone when the event was settled; it is handed out again",
                {{"request_id", named.request},
                 {"message_id", named.message},
                 {"key", named.key},
                 {"attempt", named.attempt},
                 {"outcome", "lease_lost"}});
  } else if (std::holds_alternative<Done>(settlement.outcome)) {
    metrics.processed.add();
  } else if (std::holds_alternative<Release>(settlement.outcome)) {
    metrics.released.add();
  } else if (const auto* retry = std::get_if<RetryAfter>(&settlement.outcome)) {
    metrics.retried.add();
    const Named named(event, attempt);
    log_.notice("worker.retry", "the attempt failed and will be repeated",
                {{"request_id", named.request},
                 {"message_id", named.message},
                 {"key", named.key},
                 {"attempt", named.attempt},
                 {"outcome", "retry"},
                 {"delay_ms", std::to_string(retry->delay.count() / 1000)},
                 {"reason", policy_.redact(retry->reason)}});
  } else if (const auto* dead = std::get_if<Dead>(&settlement.outcome)) {
    metrics.dead.add();
    const Named named(event, attempt);
    log_.warning("worker.dead", "the event was given up to the dead letters",
                 {{"request_id", named.request},
                  {"message_id", named.message},
                  {"key", named.key},
                  {"attempt", named.attempt},
                  {"outcome", "dead"},
                  {"reason", policy_.redact(dead->reason)}});
  }
}

}  // namespace penstock
