#include "http/answer.h"

#include <gtest/gtest.h>

namespace penstock::test {
namespace {

AnswerFrame frame() {
  AnswerFrame framed;
  framed.date = "Sun, 06 Nov 1994 08:49:37 GMT";
  framed.request_id = "id";
  return framed;
}

TEST(Answers, AreWrittenAsOneBlock) {
  std::string out;
  EXPECT_EQ(write(out, frame(), HttpResponse{202, "application/json", "{}", {{"Idempotent-Replayed", "true"}}}), 202U);
  EXPECT_EQ(out,
            "HTTP/1.1 202 Accepted\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Type: application/json\r\n"
            "Content-Length: 2\r\n"
            "X-Request-Id: id\r\n"
            "Idempotent-Replayed: true\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "X-Frame-Options: DENY\r\n"
            "Referrer-Policy: no-referrer\r\n"
            "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
            "Cache-Control: no-store\r\n"
            "\r\n{}");
}

TEST(Answers, WithoutContentSayNothingAboutIt) {
  std::string out;
  EXPECT_EQ(write(out, frame(), HttpResponse{204, "application/json", "ignored", {}}), 204U);
  EXPECT_EQ(out.find("\r\nContent-Type:"), std::string::npos);
  EXPECT_EQ(out.find("\r\nContent-Length:"), std::string::npos);
  EXPECT_TRUE(out.ends_with("\r\n\r\n"));
}

TEST(Answers, WithAnImpossibleStatusBecome500) {
  for (const unsigned status : {0U, 99U, 100U, 199U, 299U, 600U, 1000U}) {
    std::string out;
    EXPECT_EQ(write(out, frame(), HttpResponse{status, "application/json", "{}", {}}), 500U) << status;
  }
}

TEST(Answers, CarryTheDateOfTheStandard) { EXPECT_EQ(formatDate(784111777), "Sun, 06 Nov 1994 08:49:37 GMT"); }

}  // namespace
}  // namespace penstock::test
