#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "shared/postgres/session.h"
#include "support/postgres_database.h"

namespace penstock::postgres {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A server that asks for passwords, but for its owner.
test::PostgresServer& guarded() {
  static test::PostgresServer server(
      {.settings = {"password_encryption = 'scram-sha-256'"},
       .admission = {"local all penstock trust", "local all closed reject", "local all all scram-sha-256"}});
  return server;
}

std::string refusal(const std::string& url) {
  try {
    const Session session(test::sessionOptions(url));
    return {};
  } catch (const Fault& fault) {
    EXPECT_NE(fault.kind, FaultClass::Never);
    return fault.what();
  }
}

std::string at(const std::string& user, const std::string& password, const std::string& database = "postgres") {
  return "host=" + guarded().folder().string() + " dbname=" + database + " user=" + user + " password='" + password +
         "'";
}

class ConnectCase : public testing::Test {
protected:
  static void SetUpTestSuite() {
    static bool made = false;  // the server outlives a repetition of the suite
    if (std::exchange(made, true)) return;
    Session owner(test::sessionOptions(guarded().url("postgres")));
    owner.script(
        "CREATE ROLE closed LOGIN; CREATE ROLE plain LOGIN PASSWORD 'hush'; CREATE ROLE odd LOGIN PASSWORD "
        "E'a b\\'c\\\\d = \\u00fc'");
    owner.script("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    owner.script("CREATE DATABASE private");
    owner.script("REVOKE CONNECT ON DATABASE private FROM PUBLIC");
    owner.script("CREATE DATABASE reading");
    owner.script("ALTER DATABASE reading SET default_transaction_read_only = on");
  }
};

TEST_F(ConnectCase, ARightPasswordOpensAlsoAnOddOne) {
  EXPECT_EQ(refusal(at("plain", "hush")), "");
  EXPECT_EQ(refusal(at("odd", "a b\\'c\\\\d = \u00fc")), "");
  EXPECT_EQ(refusal("postgres://odd:a%20b%27c%5Cd%20%3D%20%C3%BC@/postgres?host=" + guarded().folder().string()), "");
}

TEST_F(ConnectCase, AWrongPasswordIsSaidAndNotRepeated) {
  EXPECT_THAT(refusal(at("plain", "wrong-one")),
              AllOf(HasSubstr("refuses the password"), HasSubstr("user=plain"), Not(HasSubstr("wrong-one"))));
}

TEST_F(ConnectCase, ARoleThatMayNotComeInIsSaid) {
  EXPECT_THAT(refusal(at("closed", "x")), HasSubstr("does not let this role in"));
}

TEST_F(ConnectCase, AnUnknownDatabaseIsSaid) {
  EXPECT_THAT(refusal(at("plain", "hush", "nowhere")), HasSubstr("no such database"));
}

TEST_F(ConnectCase, AMissingRightToConnectIsSaid) {
  EXPECT_THAT(refusal(at("plain", "hush", "private")), HasSubstr("grant it CONNECT"));
}

TEST_F(ConnectCase, AWrongEncodingIsSaid) {
  EXPECT_THAT(refusal(at("plain", "hush", "latin")), AllOf(HasSubstr("LATIN1"), HasSubstr("UTF8 is needed")));
}

TEST_F(ConnectCase, ADatabaseThatOnlyReadsIsTakenForAStandby) {
  EXPECT_THAT(refusal(at("plain", "hush", "reading")), HasSubstr("standby"));
}

TEST_F(ConnectCase, AServerThatIsNotThereIsSaid) {
  EXPECT_THAT(refusal("host=/nowhere-at-all dbname=x user=y password=hush"),
              AllOf(HasSubstr("cannot connect to host=/nowhere-at-all"), Not(HasSubstr("hush"))));
}

}  // namespace
}  // namespace penstock::postgres
