#include "sqlite-queue/file.h"

#include "shared/sqlite/migrations.h"
#include "sqlite-queue/sql.h"

#include <sqlite3.h>

#include <filesystem>

namespace penstock::sqlite_queue {
namespace {

sqlite::SessionOptions readOnly(sqlite::SessionOptions options) {
  options.read_only = true;
  options.cache_bytes = std::uint64_t{2} << 20;
  return options;
}

bool survives(const sqlite::Fault& fault) {
  const int code = fault.code & 0xff;
  return fault.kind == sqlite::FaultClass::Rejected || code == SQLITE_BUSY || code == SQLITE_FULL;
}

}  // namespace

File::File(Context& context, const sqlite::SessionOptions& options, const JournalMetrics& metrics)
    : context_(context), writer_options_(options), reader_options_(readOnly(options)), metrics_(metrics) {
  const auto directory = std::filesystem::path(context.migrations_directory) / "sqlite-queue";
  try {
    const std::uint32_t applied = sqlite::migrate(writer(), directory.string(), context.clock.wall());
    if (applied != 0)
      context.log.information("queue.migrated", "The schema of the queue was brought up to date.",
                              {{"migrations", std::to_string(applied)}});
  } catch (const sqlite::Fault& fault) {
    if (fault.kind == sqlite::FaultClass::Corrupt)
      throw StartFailure("the database " + options.path +
                         " is damaged or no SQLite database; restore it from a backup, or move it away to start empty");
    throw StartFailure("the database " + options.path + " cannot be opened: " + fault.what() +
                       "; check that its folder exists, is writable and has room");
  }
}

bool File::isInterrupt(const sqlite::Fault& fault) { return (fault.code & 0xff) == SQLITE_INTERRUPT; }

sqlite::Session& File::writer() {
  if (!writer_) writer_ = std::make_unique<sqlite::Session>(writer_options_);
  return *writer_;
}

void File::committed(sqlite::Session& session) {
  {
    std::lock_guard guard(health_mutex_);
    if (health_.state != HealthState::Ready) context_.log.notice("queue.available", "The queue can write again.");
    health_ = {};
  }
  metrics_.log_bytes.set(static_cast<double>(session.logBytes()));
  try {
    session.checkpointWhenDue();
  } catch (const sqlite::Fault& fault) {
    metrics_.unavailable.add();
    context_.log.warning("queue.checkpoint_failed", "The write-ahead log could not be copied into the database.",
                         {{"reason", fault.what()}});
  }
}

void File::failed(const sqlite::Fault& fault) {
  if (!survives(fault)) writer_.reset();
  {
    std::lock_guard guard(health_mutex_);
    const bool news = health_.state == HealthState::Ready;
    health_ = {HealthState::Down, std::string("sqlite-queue cannot write: ") + fault.what()};
    if (news) context_.log.error("queue.unavailable", "The queue cannot write.", {{"reason", fault.what()}});
  }
  refuse(fault);
}

void File::refuse(const sqlite::Fault& fault) {
  switch (fault.kind) {
    case sqlite::FaultClass::Unavailable:
      metrics_.unavailable.add();
      break;
    case sqlite::FaultClass::Rejected:
      metrics_.rejected.add();
      break;
    case sqlite::FaultClass::Corrupt:
      metrics_.corrupt.add();
      context_.fatal("the database " + writer_options_.path + " is damaged (" + fault.what() +
                     "); restore it from a backup");
      break;
  }
  throw QueueUnavailable(fault.what());
}

Health File::health() const {
  std::lock_guard guard(health_mutex_);
  return health_;
}

void File::probe() noexcept {
  if (health().state == HealthState::Ready) return;
  try {
    write([](sqlite::Session& session) { return session.execute(sql::kProbe); });
  } catch (const std::exception&) {
    return;  // counted, and the health still says Down
  }
}

}  // namespace penstock::sqlite_queue
