#include "shared/sqlite/session.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "opened.h"
#include "shared/sqlite/fault.h"
#include "support/temporary_folder.h"

namespace penstock::sqlite {
namespace {

class SessionCase : public testing::Test {
protected:
  std::string pragma(Session& session, std::string_view sql) {
    Rows rows = session.query(sql);
    return rows.next() ? std::string(rows.text(0)) : std::string();
  }
  static mode_t modeOf(const std::string& path) {
    struct stat facts = {};
    EXPECT_EQ(stat(path.c_str(), &facts), 0);
    return facts.st_mode & 0777;
  }

  test::TemporaryFolder folder;
  const std::string path = (folder.path() / "a.db").string();
};

TEST_F(SessionCase, CommitsAreSyncedAndForeignKeysChecked) {
  Session session(optionsFor(path));
  EXPECT_EQ(pragma(session, "PRAGMA journal_mode"), "wal");
  EXPECT_EQ(pragma(session, "PRAGMA synchronous"), "2");
  EXPECT_EQ(pragma(session, "PRAGMA foreign_keys"), "1");
}

TEST_F(SessionCase, OnlyTheOwnerMayReadTheFileAndItsLog) {
  Session session(optionsFor(path));
  session.script("CREATE TABLE t (x)");
  EXPECT_EQ(modeOf(path), 0600u);
  EXPECT_EQ(modeOf(path + "-wal"), 0600u);
}

TEST_F(SessionCase, AReadOnlySessionCannotWrite) {
  Session writer(optionsFor(path));
  writer.script("CREATE TABLE t (x)");
  SessionOptions options = optionsFor(path);
  options.read_only = true;
  Session reader(options);
  EXPECT_THROW(reader.script("INSERT INTO t VALUES (1)"), Fault);
}

TEST_F(SessionCase, WhatTakesTooLongIsInterruptedAndTheSessionGoesOn) {
  constexpr std::string_view kEndless =
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
  Session session(optionsFor(path));
  try {
    const Snapshot snapshot(session);
    const TimeLimit limit(session, std::chrono::milliseconds(20));
    Rows rows = session.query(kEndless);
    rows.next();
    FAIL() << "it came to an end";
  } catch (const Fault& fault) {
    EXPECT_EQ(fault.code & 0xff, 9) << "SQLITE_INTERRUPT";
    EXPECT_EQ(fault.kind, FaultClass::Unavailable);
  }
  session.script("CREATE TABLE t (x)");
}

TEST_F(SessionCase, ATransactionThatIsNotCommittedLeavesNothing) {
  Session session(optionsFor(path));
  session.script("CREATE TABLE t (x)");
  {
    const Transaction transaction(session);
    session.script("INSERT INTO t VALUES (1)");
  }
  EXPECT_EQ(pragma(session, "SELECT count(*) FROM t"), "0");
}

TEST_F(SessionCase, AWriterThatIsHeldUpSaysBusy) {
  Session one(optionsFor(path));
  Session other(optionsFor(path));
  const Transaction held(one);
  try {
    const Transaction refused(other);
    FAIL() << "two writers";
  } catch (const Fault& fault) {
    EXPECT_EQ(fault.kind, FaultClass::Unavailable);
  }
}

TEST_F(SessionCase, AFileThatIsNoDatabaseIsCorrupt) {
  std::ofstream(path) << std::string(8192, 'x');
  try {
    const Session session(optionsFor(path));
    FAIL() << "opened";
  } catch (const Fault& fault) {
    EXPECT_EQ(fault.kind, FaultClass::Corrupt);
  }
}

/// Readers that take turns so that at no moment nobody reads: each leaves when the other has come.
class Relay {
public:
  explicit Relay(const SessionOptions& options) {
    for (const int runner : {0, 1}) runners_[runner] = std::jthread([this, options, runner] { run(options, runner); });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return started_ > 0; });
  }
  ~Relay() {
    {
      std::lock_guard guard(mutex_);
      done_ = true;
    }
    changed_.notify_all();
  }

private:
  void run(const SessionOptions& options, int runner) {
    Session session(options);
    for (int turn = runner;; turn += 2) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return started_ == turn || done_; });
      if (done_) return;
      lock.unlock();
      const Snapshot snapshot(session);
      session.execute(kCount);
      lock.lock();
      ++started_;
      changed_.notify_all();
      changed_.wait(lock, [&] { return started_ == turn + 2 || done_; });
    }
  }

  static constexpr std::string_view kCount = "SELECT count(*) FROM t";
  std::mutex mutex_;
  std::condition_variable changed_;
  int started_ = 0;
  bool done_ = false;
  std::array<std::jthread, 2> runners_;
};

TEST_F(SessionCase, TheLogStaysBoundedThoughAtNoMomentNobodyReads) {
  constexpr std::string_view kInsert = "INSERT INTO t VALUES (zeroblob(65536))";
  SessionOptions options = optionsFor(path);
  options.busy_timeout = std::chrono::seconds(10);
  Session writer(options);
  writer.script("CREATE TABLE t (x)");
  const Relay relay(options);
  for (int i = 0; i < 60; ++i) {
    Transaction transaction(writer);
    writer.execute(kInsert);
    transaction.commit();
    writer.checkpointWhenDue();
  }
  EXPECT_LE(std::filesystem::file_size(path + "-wal"), 8 * options.checkpoint_bytes);
}

}  // namespace
}  // namespace penstock::sqlite
