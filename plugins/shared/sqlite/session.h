#pragma once

#include "penstock/time.h"
#include "shared/sqlite/statement.h"

#include <Poco/Data/Session.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace penstock::sqlite {

/// How a database file is opened.
struct SessionOptions {
  std::string path;
  Duration busy_timeout{};
  std::uint64_t cache_bytes = 0;
  std::uint64_t checkpoint_bytes = 0;  ///< size of the log at which a commit copies it into the database file
  bool read_only = false;
};

/// A session on a database file in WAL mode, every commit synced, foreign keys on, with its prepared statements. The
/// file is created, readable by its owner only, when it is not there. [one thread at a time]
class Session {
public:
  /// [throws: Fault]
  explicit Session(const SessionOptions& options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Runs a statement that gives rows. `sql` is a constant: its address is the key of the statement cache.
  /// [throws: Fault]
  template <typename... Values>
  Rows query(std::string_view sql, const Values&... values) {
    Statement& statement = prepared(sql);
    statement.bind(Bound::Copied, values...);
    return Rows(statement);
  }

  /// Runs a statement to its end and returns how many rows it inserted, changed or deleted. `sql` is a constant.
  /// [throws: Fault]
  template <typename... Values>
  std::int64_t execute(std::string_view sql, const Values&... values) {
    Statement& statement = prepared(sql);
    Rows rows(statement);
    statement.bind(Bound::Borrowed, values...);
    while (rows.next()) {
    }
    return changes();
  }

  /// Runs statements separated by semicolons. [throws: Fault]
  void script(const std::string& sql);

  /// Id of the row inserted last.
  std::int64_t lastRow() const;

  /// Copies the log into the database file when it is due; a commit has no need to wait for it. The log is restarted by
  /// force when readers have kept it from restarting by itself until it is four times the size at which it is copied.
  /// [throws: Fault]
  void checkpointWhenDue();

  /// Size of the log as the last commit of this session left it.
  std::uint64_t logBytes() const;

  sqlite3* handle() const { return handle_; }

private:
  Statement& prepared(std::string_view sql);
  std::int64_t changes() const;
  void configure(const SessionOptions& options);

  Poco::Data::Session session_;
  sqlite3* handle_ = nullptr;
  std::unordered_map<const char*, std::unique_ptr<Statement>> statements_;
  Duration busy_timeout_;
  std::uint64_t page_bytes_ = 4096;
  std::uint64_t checkpoint_pages_ = 0;
  std::uint64_t log_pages_ = 0;
  std::uint64_t restart_at_pages_ = 0;
};

/// A write transaction: rolled back unless committed.
class Transaction {
public:
  /// Takes the write lock, waiting up to the busy timeout. [throws: Fault]
  explicit Transaction(Session& session);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// Durable when it returns. [throws: Fault; then nothing was kept]
  void commit();

private:
  Session& session_;
};

/// A read transaction: all its statements see one snapshot. Ends when destroyed.
class Snapshot {
public:
  explicit Snapshot(Session& session);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

private:
  Session& session_;
};

/// While it lives, what the session runs beyond `limit` from now on fails with SQLITE_INTERRUPT.
class TimeLimit {
public:
  TimeLimit(Session& session, Duration limit);
  ~TimeLimit();
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

private:
  Session& session_;
  const std::chrono::steady_clock::time_point end_;
};

}  // namespace penstock::sqlite
