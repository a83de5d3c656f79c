#include "ctl/members.h"

#include "ctl/failure.h"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace penstock::ctl {
namespace {

TEST(Members, WhatIsNotThereIsADash) {
  const boost::json::value object = boost::json::parse(R"({"text":"a\u001b[2J","none":null,"number":1.5,"list":[1]})");
  EXPECT_EQ(cell(object, "text"), "a\\x1b[2J");
  EXPECT_EQ(cell(object, "none"), "-");
  EXPECT_EQ(cell(object, "nothing"), "-");
  EXPECT_EQ(cell(object, "list"), "[1]");
  EXPECT_EQ(cell(boost::json::value(7), "text"), "-");
  EXPECT_EQ(numberIn(object, "number"), 1.5);
  EXPECT_EQ(numberIn(object, "text"), std::nullopt);
  EXPECT_EQ(textIn(object, "number"), "");
}

TEST(Members, WhatHasToBeThereFailsWithItsName) {
  const boost::json::value object = boost::json::parse(R"({"count":-1,"list":7})");
  EXPECT_THROW(numberOf(object, "count"), Failure);
  EXPECT_THROW(arrayOf(object, "list"), Failure);
  try {
    numberOf(object, "total");
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit, Exit::Unexpected);
    EXPECT_STREQ(failure.what(), "the answer has no number total");
  }
}

}  // namespace
}  // namespace penstock::ctl
