#include "shared/durable/durable_queue.h"
#include "sqlite-queue/config.h"
#include "sqlite-queue/journal.h"

#include "penstock/plugin.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <atomic>
#include <filesystem>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

namespace penstock::sqlite_queue {
namespace {

sqlite::SessionOptions sessionOptions(const Context& context) {
  const std::string written = context.config.text("path");
  const auto path = std::filesystem::path(context.data_directory) / (written.empty() ? "queue.db" : written);
  sqlite::SessionOptions options;
  options.path = path.string();
  options.busy_timeout = context.config.duration("busy_timeout");
  options.cache_bytes = context.config.size("cache");
  options.checkpoint_bytes = context.config.size("checkpoint");
  return options;
}

durable::Options queueOptions(const Config& config) {
  durable::Options options;
  options.engine = "sqlite_queue";
  options.commit_events = static_cast<std::size_t>(config.integer("commit_events"));
  options.wait_when_full = config.text("full") == "wait";
  options.full_wait = config.duration("full_wait");
  options.max_waiting = static_cast<std::size_t>(config.integer("max_waiting"));
  return options;
}

/// One process at a time: what another has handed out would be handed out again. The lock ends with the process.
class OnlyUser {
public:
  /// [throws: StartFailure]
  explicit OnlyUser(const std::string& database) {
    const std::string file = database + ".lock";
    descriptor_ = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor_ < 0) throw StartFailure("cannot open " + file + ": " + std::strerror(errno));
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
    ::close(descriptor_);
    throw StartFailure("another process works on " + database + "; stop it, or give this one a DATA_DIR of its own");
  }
  ~OnlyUser() { ::close(descriptor_); }
  OnlyUser(const OnlyUser&) = delete;
  OnlyUser& operator=(const OnlyUser&) = delete;

private:
  int descriptor_ = -1;
};

class SqliteQueuePlugin final : public Plugin {
public:
  void start(Context& context) override {
    const sqlite::SessionOptions options = sessionOptions(context);
    only_user_.emplace(options.path);
    auto journal = std::make_unique<SqliteJournal>(context, Limits::of(context.config), options);
    journal_ = journal.get();
    queue_ = std::make_unique<durable::DurableQueue>(queueOptions(context.config), context.metrics, std::move(journal),
                                                     context.log, context.clock, context.health);
    started_ = queue_.get();
    context.provide<Queue>(*queue_);
    context.provide<DeadLetters>(*queue_);
  }

  // Whoever asks need not be the service's user, whose file it is.
  std::string migrate(Context& context) override {
    return sessionOptions(context).path + " is brought up to date by the service when it starts";
  }

  void stop(SteadyTime) noexcept override {
    if (queue_) queue_->close();
    stopped_ = true;
  }

  Health health() override {
    const durable::DurableQueue* queue = started_;
    if (queue == nullptr) return {HealthState::Down, "sqlite-queue has not started"};
    if (stopped_) return {HealthState::Down, "sqlite-queue has stopped"};
    Health health = journal_->health();
    if (health.state == HealthState::Ready && queue->full())
      return {HealthState::Degraded, "sqlite-queue is full; publishing is refused until workers catch up"};
    return health;
  }

private:
  std::optional<OnlyUser> only_user_;
  SqliteJournal* journal_ = nullptr;
  std::unique_ptr<durable::DurableQueue> queue_;
  std::atomic<durable::DurableQueue*> started_{nullptr};
  std::atomic<bool> stopped_{false};
};

constexpr std::string_view kProvides[] = {Queue::kInterface, DeadLetters::kInterface};
constexpr Descriptor kDescriptor{
    .fingerprint = PENSTOCK_FINGERPRINT,
    .name = PENSTOCK_PLUGIN_NAME,
    .version = "0.1.0",
    .summary = "A durable queue in one SQLite file, for one machine without a database server.",
    .provides = kProvides,
    .requires_ = {},
    .rows = kRows,
    .create = []() -> Plugin* { return new SqliteQueuePlugin; },
};

}  // namespace
}  // namespace penstock::sqlite_queue

PENSTOCK_PLUGIN(penstock::sqlite_queue::kDescriptor)
