#include "shared/postgres/fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/postgres/session.h"
#include "support/postgres_database.h"

namespace penstock::postgres {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Fault, TheClassFollowsFromTheSqlstate) {
  for (const std::string_view state : {"40001", "40P01", "55P03"})
    EXPECT_EQ(classify(state), FaultClass::Retry) << state;
  for (const std::string_view state : {"08000", "08006", "57P01", "57P02", "57P03", "53300", ""})
    EXPECT_EQ(classify(state), FaultClass::Reconnect) << state;
  for (const std::string_view state : {"53100", "53200", "53400", "25006"})
    EXPECT_EQ(classify(state), FaultClass::Shed) << state;
  for (const std::string_view state : {"22001", "22021", "23505", "23514", "42601", "42P01", "42501", "0A000"})
    EXPECT_EQ(classify(state), FaultClass::Never) << state;
}

TEST(Fault, ItsTextHoldsTheConstraintButNoValue) {
  Session session(test::sessionOptions(test::emptyDatabase()));
  session.script("CREATE TEMP TABLE t (a text CONSTRAINT short_enough CHECK (length(a) < 5), b int UNIQUE)");
  try {
    session.execute("INSERT INTO t VALUES ($1, 1)", std::string_view("a secret text"));
    FAIL();
  } catch (const Fault& fault) {
    EXPECT_EQ(fault.sqlstate, "23514");
    EXPECT_THAT(fault.what(), HasSubstr("short_enough"));
    EXPECT_THAT(fault.what(), Not(HasSubstr("secret")));
  }
  try {
    session.query("SELECT $1::int", std::string_view("a secret text"));
    FAIL();
  } catch (const Fault& fault) {
    EXPECT_EQ(fault.sqlstate, "22P02");
    EXPECT_THAT(fault.what(), Not(HasSubstr("secret")));
  }
  EXPECT_TRUE(session.usable());
}

}  // namespace
}  // namespace penstock::postgres
