#include "shared/sqlite/fault.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

namespace penstock::sqlite {
namespace {

TEST(Fault, WhatMayPassIsUnavailable) {
  for (const int code : {SQLITE_BUSY, SQLITE_LOCKED, SQLITE_IOERR, SQLITE_IOERR_FSYNC, SQLITE_IOERR_WRITE, SQLITE_FULL,
                         SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_NOMEM, SQLITE_BUSY_SNAPSHOT, SQLITE_ERROR})
    EXPECT_EQ(classify(code), FaultClass::Unavailable) << code;
}

TEST(Fault, WhatTheValuesBreakIsRejected) {
  for (const int code : {SQLITE_CONSTRAINT, SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_CHECK,
                         SQLITE_CONSTRAINT_TRIGGER, SQLITE_MISUSE, SQLITE_RANGE, SQLITE_TOOBIG, SQLITE_MISMATCH})
    EXPECT_EQ(classify(code), FaultClass::Rejected) << code;
}

TEST(Fault, WhatNeedsAPersonIsCorrupt) {
  for (const int code : {SQLITE_CORRUPT, SQLITE_CORRUPT_INDEX, SQLITE_NOTADB})
    EXPECT_EQ(classify(code), FaultClass::Corrupt) << code;
}

TEST(Fault, TheTextNamesTheCode) {
  EXPECT_STREQ(Fault(SQLITE_FULL, "testing").what(), "SQLite error 13 (database or disk is full) while testing");
}

}  // namespace
}  // namespace penstock::sqlite
