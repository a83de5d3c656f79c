#include "http-ingest/idempotency_header.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace penstock::test {

class IdempotencyHeaderTest : public testing::Test {
protected:
  IdempotencyHeader& read(std::vector<std::string> values) {
    headers_.clear();
    values_ = std::move(values);
    for (const std::string& value : values_) headers_.emplace_back("idempotency-key", value);
    HttpRequest request;
    request.headers = headers_;
    result_ = {};
    readIdempotencyHeader(request, result_);
    return result_;
  }

private:
  std::vector<std::string> values_;
  std::vector<std::pair<std::string_view, std::string_view>> headers_;
  IdempotencyHeader result_;
};

TEST_F(IdempotencyHeaderTest, AbsentIsNoKeyAndNoFault) {
  EXPECT_EQ(read({}).key, std::nullopt);
  EXPECT_EQ(read({}).fault, "");
}

TEST_F(IdempotencyHeaderTest, ABareAndAQuotedKeyAreTheSame) {
  EXPECT_EQ(read({"order-1"}).key, "order-1");
  EXPECT_EQ(read({"\"order-1\""}).key, "order-1");
  EXPECT_EQ(read({R"("a\"b\\c")"}).key, R"(a"b\c)");
  EXPECT_EQ(read({std::string(255, 'k')}).key, std::string(255, 'k'));
}

TEST_F(IdempotencyHeaderTest, RefusesWhatIsNoKey) {
  const std::vector<std::string> unusable{"",          "\"\"",     "two words", "\"two words\"",      "\"open",
                                          "\"a\"b\"",  R"("a\b")", R"("a\")",   "\"a\";x=1",          "caf\xc3\xa9",
                                          "tab\there", "\"",       "bell\x07",  std::string(256, 'k')};
  for (const std::string& value : unusable) EXPECT_NE(read({value}).fault, "") << value;
}

TEST_F(IdempotencyHeaderTest, RefusesSeveralHeadersEvenIfEqual) { EXPECT_NE(read({"a", "a"}).fault, ""); }

}  // namespace penstock::test
