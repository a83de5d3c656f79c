#include "sqlite-store/database.h"

#include <sqlite3.h>

#include <exception>
#include <filesystem>

#include "penstock/store.h"
#include "shared/sqlite/migrations.h"
#include "sqlite-store/config.h"
#include "sqlite-store/sql.h"

namespace penstock::sqlite_store {

namespace {

constexpr std::string_view kFileName = "store.db";
constexpr std::string_view kMigrations = "sqlite";

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

Settings readSettings(const Context& context) {
  const Config& config = context.config;
  const std::string written = config.text(row::kPath);
  const std::filesystem::path path =
      std::filesystem::path(context.data_directory) / (written.empty() ? std::string(kFileName) : written);
  return {.session = {.path = path.string(),
                      .busy_timeout = config.duration(row::kBusyTimeout),
                      .cache_bytes = config.size(row::kCache),
                      .checkpoint_bytes = config.size(row::kCheckpoint)},
          .readers = static_cast<std::size_t>(config.integer(row::kReaders)),
          .watch_interval = config.duration(row::kWatchInterval),
          .report_retention = config.duration(row::kReportRetention),
          .max_reports = config.integer(row::kMaxReports)};
}

Database::Database(Context& context, const Settings& settings, const StoreMetrics& metrics)
    : context_(context),
      settings_(settings),
      metrics_(metrics),
      readers_(readOnly(settings.session), settings.readers, context.clock) {
  const std::string directory =
      (std::filesystem::path(context.migrations_directory) / std::string(kMigrations)).string();
  try {
    sqlite::Session& session = openWriter();
    const std::uint32_t applied = sqlite::migrate(session, directory, context.clock.wall());
    if (applied != 0)
      context.log.information("store.migrated", "The schema of the store was brought up to date.",
                              {{"migrations", std::to_string(applied)}});
  } catch (const sqlite::Fault& fault) {
    if (fault.kind == sqlite::FaultClass::Corrupt)
      throw StartFailure("the database " + settings.session.path +
                         " is damaged or no SQLite database; restore it from a backup, or move it away to start empty");
    throw StartFailure("the database " + settings.session.path + " cannot be opened: " + fault.what() +
                       "; check that its folder exists, is writable and has room");
  }
}

sqlite::Session& Database::openWriter() {
  if (!writer_.session) writer_.session = std::make_unique<sqlite::Session>(settings_.session);
  return *writer_.session;
}

void Database::committed(sqlite::Session& session) {
  {
    std::lock_guard guard(condition_.mutex);
    if (condition_.health.state != HealthState::Ready)
      context_.log.notice("store.available", "The store can write again.");
    condition_.health = {};
  }
  metrics_.log_bytes.set(static_cast<double>(session.logBytes()));
  try {
    session.checkpointWhenDue();
  } catch (const sqlite::Fault& fault) {
    metrics_.errors(fault.kind).add();
    context_.log.warning("store.checkpoint_failed", "The write-ahead log could not be copied into the database.",
                         {{"reason", fault.what()}});
  }
}

void Database::writeFailed(const sqlite::Fault& fault) {
  if (!survives(fault)) writer_.session.reset();
  if (fault.kind != sqlite::FaultClass::Rejected) {
    std::lock_guard guard(condition_.mutex);
    const bool news = condition_.health.state == HealthState::Ready;
    condition_.health = {HealthState::Down, std::string("the store cannot write: ") + fault.what()};
    if (news) context_.log.error("store.unavailable", "The store cannot write.", {{"reason", fault.what()}});
  }
  refuse(fault);
}

void Database::refuse(const sqlite::Fault& fault) {
  metrics_.errors(fault.kind).add();
  if (fault.kind == sqlite::FaultClass::Rejected) throw StoreRejected(fault.what());
  if (fault.kind == sqlite::FaultClass::Corrupt)
    context_.fatal("the database " + settings_.session.path + " is damaged (" + fault.what() +
                   "); restore it from a backup");
  throw StoreUnavailable(fault.what());
}

Health Database::health() const {
  std::lock_guard guard(condition_.mutex);
  return condition_.health;
}

void Database::probe() noexcept {
  if (health().state == HealthState::Ready) return;
  try {
    write(Operation::Probe, [](sqlite::Session& session) { return session.execute(sql::kProbe); });
  } catch (const std::exception&) {
    return;  // counted, and the condition still says Down
  }
}

}  // namespace penstock::sqlite_store
