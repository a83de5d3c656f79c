#include "shared/postgres/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace penstock::postgres {
namespace {

using testing::HasSubstr;
using testing::Not;

Url parse(const std::string& text) { return Url::parse(text, 5); }

TEST(Url, BothFormsOfLibpqAreRead) {
  for (const std::string text : {"postgres://me:pass@there:5433/base", "postgresql://me:pass@there:5433/base",
                                 "host=there port=5433 user=me password=pass dbname=base"}) {
    const Url url = parse(text);
    EXPECT_EQ(url.value("host"), "there") << text;
    EXPECT_EQ(url.value("port"), "5433");
    EXPECT_EQ(url.value("user"), "me");
    EXPECT_EQ(url.value("password"), "pass");
    EXPECT_EQ(url.value("dbname"), "base");
  }
}

TEST(Url, WhatIsNotGivenHasItsDefault) {
  const Url url = parse("postgres://there/base");
  EXPECT_EQ(url.value("connect_timeout"), "5");
  EXPECT_EQ(url.value("tcp_user_timeout"), "10000");
  EXPECT_EQ(url.value("keepalives"), "1");
  EXPECT_EQ(url.value("target_session_attrs"), "read-write");
  EXPECT_EQ(url.value("application_name"), "penstock");
}

TEST(Url, WhatIsGivenWinsExceptTheEncoding) {
  const Url url = parse(
      "postgres://there/base?connect_timeout=9&target_session_attrs=any&application_name=mine&client_encoding=LATIN1");
  EXPECT_EQ(url.value("connect_timeout"), "9");
  EXPECT_EQ(url.value("target_session_attrs"), "any");
  EXPECT_EQ(url.value("application_name"), "mine");
  EXPECT_EQ(url.value("client_encoding"), "UTF8");
}

TEST(Url, OddPasswordsArriveAsTheyAre) {
  const Url url = parse("postgres://me:%27%20%5C%22%3D%40%C3%BC@there/base");
  EXPECT_EQ(url.value("password"), "' \\\"=@\u00fc");
  const Url again = parse(url.connectionString().reveal());
  EXPECT_EQ(again.value("password"), url.value("password"));
}

TEST(Url, ThePlaceNamesNoPassword) {
  const std::string place = parse("postgres://me:hush@there:5433/base").place();
  EXPECT_EQ(place, "host=there port=5433 dbname=base user=me");
}

TEST(Url, WhatCannotBeReadIsRefusedWithoutRepeatingIt) {
  for (const std::string text :
       {"postgres://me:hush@[there/base", "hush", "password='hush", "postgres://me:hu%zzsh@h/b"})
    try {
      parse(text);
      ADD_FAILURE() << text;
    } catch (const std::invalid_argument& fault) {
      EXPECT_THAT(fault.what(), HasSubstr("neither postgres://"));
      EXPECT_THAT(fault.what(), Not(HasSubstr("hush")));
    }
}

}  // namespace
}  // namespace penstock::postgres
