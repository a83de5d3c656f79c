#include "shared/sqlite/session.h"

#include <Poco/Data/SQLite/Connector.h>
#include <Poco/Data/SQLite/SQLiteException.h>
#include <Poco/Data/SQLite/Utility.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include "shared/sqlite/fault.h"

namespace penstock::sqlite {

namespace {

constexpr std::string_view kBegin = "BEGIN";
constexpr std::string_view kBeginImmediate = "BEGIN IMMEDIATE";
constexpr std::string_view kCommit = "COMMIT";
constexpr std::string_view kRollback = "ROLLBACK";
constexpr std::uint64_t kRestartFactor = 4;
constexpr int kRestartWaitMilliseconds = 100;
constexpr int kStepsBetweenLooks = 10'000;  // of SQLite's virtual machine, well below a millisecond

// SQLite gives the log and its index the mode of the database file, so creating that one privately is enough.
void createPrivately(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor >= 0) {
    ::close(descriptor);
  } else if (errno != EEXIST) {
    throw Fault(SQLITE_CANTOPEN, "creating the database file");
  }
}

Poco::Data::Session openSession(const SessionOptions& options) {
  static std::once_flag registered;
  std::call_once(registered, [] { Poco::Data::SQLite::Connector::registerConnector(); });
  if (!options.read_only) createPrivately(options.path);
  try {
    return Poco::Data::Session(Poco::Data::SQLite::Connector::KEY, options.path);
  } catch (const Poco::Data::SQLite::CorruptImageException&) {
    throw Fault(SQLITE_CORRUPT, "opening the database");
  } catch (const Poco::Exception&) {
    throw Fault(SQLITE_CANTOPEN, "opening the database");
  }
}

int milliseconds(Duration duration) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

Session::Session(const SessionOptions& options)
    : session_(openSession(options)),
      handle_(Poco::Data::SQLite::Utility::dbHandle(session_)),
      busy_timeout_(options.busy_timeout) {
  configure(options);
}

Session::~Session() { statements_.clear(); }

void Session::configure(const SessionOptions& options) {
  sqlite3_busy_timeout(handle_, milliseconds(busy_timeout_));
  sqlite3_extended_result_codes(handle_, 1);
  script("PRAGMA cache_size = -" + std::to_string(std::max<std::uint64_t>(options.cache_bytes / 1024, 1)));
  script("PRAGMA temp_store = MEMORY");
  if (options.read_only) {
    script("PRAGMA query_only = ON");
    return;
  }
  {
    Rows mode = query("PRAGMA journal_mode = WAL");
    if (!mode.next() || mode.text(0) != "wal") throw Fault(SQLITE_CANTOPEN, "switching to a write-ahead log");
  }
  script("PRAGMA synchronous = FULL");
  script("PRAGMA foreign_keys = ON");
  script("PRAGMA journal_size_limit = " + std::to_string(options.checkpoint_bytes * kRestartFactor));
  Rows rows = query("PRAGMA page_size");
  if (rows.next()) page_bytes_ = static_cast<std::uint64_t>(rows.integer(0));
  checkpoint_pages_ = std::max<std::uint64_t>(options.checkpoint_bytes / page_bytes_, 1);
  restart_at_pages_ = checkpoint_pages_ * kRestartFactor;
  const auto note = [](void* self, sqlite3*, const char*, int pages) {
    static_cast<Session*>(self)->log_pages_ = static_cast<std::uint64_t>(pages);
    return SQLITE_OK;
  };
  sqlite3_wal_hook(handle_, note, this);
}

Statement& Session::prepared(std::string_view sql) {
  std::unique_ptr<Statement>& statement = statements_[sql.data()];
  if (!statement) statement = std::make_unique<Statement>(handle_, sql);
  return *statement;
}

void Session::script(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) raise(handle_, code, "running a script");
}

std::int64_t Session::changes() const { return sqlite3_changes(handle_); }

std::int64_t Session::lastRow() const { return sqlite3_last_insert_rowid(handle_); }

std::uint64_t Session::logBytes() const { return log_pages_ * page_bytes_; }

void Session::checkpointWhenDue() {
  if (log_pages_ < checkpoint_pages_) return;
  const bool restart = log_pages_ >= restart_at_pages_;
  if (restart) sqlite3_busy_timeout(handle_, kRestartWaitMilliseconds);
  const int code = sqlite3_wal_checkpoint_v2(
      handle_, "main", restart ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (restart) {
    sqlite3_busy_timeout(handle_, milliseconds(busy_timeout_));
    const bool restarted = code == SQLITE_OK;
    restart_at_pages_ = restarted ? checkpoint_pages_ * kRestartFactor : log_pages_ + checkpoint_pages_;
  }
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) raise(handle_, code, "copying the log into the database");
}

Transaction::Transaction(Session& session) : session_(session) { session_.execute(kBeginImmediate); }

Transaction::~Transaction() {
  if (sqlite3_get_autocommit(session_.handle()) != 0) return;
  sqlite3_exec(session_.handle(), kRollback.data(), nullptr, nullptr, nullptr);
}

void Transaction::commit() { session_.execute(kCommit); }

Snapshot::Snapshot(Session& session) : session_(session) { session_.execute(kBegin); }

Snapshot::~Snapshot() {
  if (sqlite3_get_autocommit(session_.handle()) != 0) return;
  sqlite3_exec(session_.handle(), kCommit.data(), nullptr, nullptr, nullptr);
}

TimeLimit::TimeLimit(Session& session, Duration limit)
    : session_(session), end_(std::chrono::steady_clock::now() + limit) {
  const auto over = [](void* self) {
    return std::chrono::steady_clock::now() >= static_cast<const TimeLimit*>(self)->end_ ? 1 : 0;
  };
  sqlite3_progress_handler(session_.handle(), kStepsBetweenLooks, over, this);
}

TimeLimit::~TimeLimit() { sqlite3_progress_handler(session_.handle(), 0, nullptr, nullptr); }

}  // namespace penstock::sqlite
