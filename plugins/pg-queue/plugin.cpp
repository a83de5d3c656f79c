#include "pg-queue/config.h"
#include "pg-queue/journal.h"
#include "pg-queue/outbox.h"
#include "shared/durable/durable_queue.h"

#include "penstock/plugin.h"
#include "shared/postgres/config.h"
#include "shared/postgres/keeper.h"
#include "shared/postgres/migrations.h"

#include <atomic>
#include <memory>

namespace penstock::pg_queue {
namespace {

durable::Options queueOptions(const Config& config) {
  durable::Options options;
  options.engine = "pg_queue";
  options.commit_events = static_cast<std::size_t>(config.integer("commit_events"));
  options.wait_when_full = config.text("full") == "wait";
  options.full_wait = config.duration("full_wait");
  options.max_waiting = static_cast<std::size_t>(config.integer("max_waiting"));
  return options;
}

class PgQueuePlugin final : public Plugin {
public:
  void start(Context& context) override {
    auto journal = std::make_unique<PgJournal>(context, readSettings(context), [this] {
      if (durable::DurableQueue* queue = started_) queue->poke();
    });
    journal_ = journal.get();
    queue_ = std::make_unique<durable::DurableQueue>(queueOptions(context.config), context.metrics, std::move(journal),
                                                     context.log, context.clock, context.health);
    started_ = queue_.get();
    context.provide<Queue>(*queue_);
    context.provide<DeadLetters>(*queue_);
    if (const OutboxOptions outbox = readOutboxOptions(context.config); outbox.enabled)
      outbox_ = std::make_unique<Outbox>(context, *journal_, outbox);
  }

  void stop(SteadyTime) noexcept override {
    if (outbox_) outbox_->stop();
    if (queue_) queue_->close();
    stopped_ = true;
  }

  std::string migrate(Context& context) override {
    try {
      postgres::Session session(readSettings(context).postgres.session);
      return postgres::migrated(postgres::Schema(postgres::migrationsOf(context)).migrate(session));
    } catch (const postgres::Fault& fault) {
      throw StartFailure(fault.what());
    }
  }

  Health health() override {
    const durable::DurableQueue* queue = started_;
    if (queue == nullptr) return {HealthState::Down, "pg-queue has not started"};
    if (stopped_) return {HealthState::Down, "pg-queue has stopped"};
    Health health = journal_->health();
    if (health.state == HealthState::Ready && queue->full())
      return {HealthState::Degraded, "pg-queue is full; publishing is refused until workers catch up"};
    return health;
  }

private:
  PgJournal* journal_ = nullptr;
  std::unique_ptr<durable::DurableQueue> queue_;
  std::unique_ptr<Outbox> outbox_;
  std::atomic<durable::DurableQueue*> started_{nullptr};
  std::atomic<bool> stopped_{false};
};

constexpr std::string_view kProvides[] = {Queue::kInterface, DeadLetters::kInterface};
constexpr Descriptor kDescriptor{
    .fingerprint = PENSTOCK_FINGERPRINT,
    .name = PENSTOCK_PLUGIN_NAME,
    .version = "0.1.0",
    .summary = "A durable queue in a PostgreSQL database, for any number of hosts.",
    .provides = kProvides,
    .requires_ = {},
    .rows = kRows,
    .create = []() -> Plugin* { return new PgQueuePlugin; },
    .shared = postgres::kShared,
};

}  // namespace
}  // namespace penstock::pg_queue

PENSTOCK_PLUGIN(penstock::pg_queue::kDescriptor)
