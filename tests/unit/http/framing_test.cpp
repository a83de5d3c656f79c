#include "server_fixture.h"

#include <boost/json/parse.hpp>

namespace penstock::test {
namespace {

using namespace std::string_literals;

struct Case {
  std::string name;
  std::string bytes;
  int status;
  std::string code;
};

void PrintTo(const Case& probe, std::ostream* out) { *out << probe.name; }

/// Requests whose framing is doubtful: the answer says why, nothing is handed over, the connection closes.
class Framing : public ServerFixture, public ::testing::WithParamInterface<Case> {};

TEST_P(Framing, IsRefusedAndClosed) {
  serve();
  RawClient client(port);
  const RawAnswer answer = client.ask(GetParam().bytes);
  EXPECT_EQ(answer.status, GetParam().status) << answer.body;
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_EQ(answer.header("content-type"), "application/problem+json");
  const auto problem = boost::json::parse(answer.body).as_object();
  EXPECT_EQ(problem.at("status").as_int64(), GetParam().status);
  EXPECT_EQ(problem.at("code").as_string(), GetParam().code);
  EXPECT_EQ(problem.at("request_id").as_string(), answer.header("x-request-id"));
  for (const char* member : {"type", "title", "detail", "instance"}) EXPECT_TRUE(problem.contains(member)) << member;
  client.finish();
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(handed, 0);
  EXPECT_EQ(metrics.value("penstock_http_refused_total{reason=\"" + GetParam().code + "\"}"), 1);
}

Case raw(std::string name, std::string bytes, int status = 400, std::string code = "malformed_request") {
  return {std::move(name), std::move(bytes), status, std::move(code)};
}
/// A POST whose header lines after Host are given, each with its CRLF.
Case posted(std::string name, const std::string& lines, const std::string& body = "", int status = 400,
            std::string code = "bad_framing") {
  return {std::move(name), "POST /raw HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n" + body, status, std::move(code)};
}
Case chunked(std::string name, const std::string& body, int status = 400, std::string code = "bad_chunk") {
  return posted(std::move(name), "Transfer-Encoding: chunked\r\n", body, status, std::move(code));
}

INSTANTIATE_TEST_SUITE_P(
    Lengths, Framing,
    ::testing::Values(
        posted("LengthAndChunked", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        posted("ChunkedAndLength", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"),
        posted("TwoEqualLengths", "Content-Length: 2\r\nContent-Length: 2\r\n", "{}"),
        posted("TwoLengths", "Content-Length: 2\r\nContent-Length: 3\r\n", "{}"),
        posted("ListOfLengths", "Content-Length: 2, 2\r\n", "{}"), posted("NegativeLength", "Content-Length: -1\r\n"),
        posted("SignedLength", "Content-Length: +2\r\n", "{}"), posted("HexLength", "Content-Length: 0x2\r\n", "{}"),
        posted("EmptyLength", "Content-Length:\r\n"), posted("LengthWithBlank", "Content-Length: 1 2\r\n"),
        posted("OverflowingLength", "Content-Length: 18446744073709551618\r\n", "{}"),
        posted("XChunked", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
        posted("ChunkedGzip", "Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"),
        posted("GzipChunked", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
        posted("Identity", "Transfer-Encoding: identity\r\n"), posted("UpperChunked", "Transfer-Encoding: CHUNKED\r\n"),
        posted("ChunkedParameter", "Transfer-Encoding: chunked;q=1\r\n"),
        posted("EmptyCoding", "Transfer-Encoding:\r\n"),
        posted("TwoCodings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        posted("TwoContentTypes", "Content-Type: a/b\r\nContent-Type: application/json\r\n"),
        raw("ChunkedOnOneZero", "POST /raw HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
            "bad_framing"),
        raw("NoHost", "GET /livez HTTP/1.1\r\n\r\n", 400, "bad_framing"),
        raw("TwoHosts", "GET /livez HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "bad_framing"),
        raw("TwoHostsOnOneZero", "GET /livez HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400, "bad_framing"),
        raw("HostWithBlank", "GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "bad_framing"),
        raw("HostWithPath", "GET /livez HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "bad_framing"),
        raw("HostWithUser", "GET /livez HTTP/1.1\r\nHost: u@b\r\n\r\n", 400, "bad_framing")),
    [](const auto& probe) { return probe.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Lines, Framing,
    ::testing::Values(raw("BareLineFeed", "GET /livez HTTP/1.1\nHost: a\n\n"),
                      raw("BareLineFeedInFields", "GET /livez HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"),
                      raw("BareLineFeedAtEnd", "GET /livez HTTP/1.1\r\nHost: a\r\n\n"),
                      raw("BareReturn", "GET /livez HTTP/1.1\r\nHost: a\r\nX: b\rY: c\r\n\r\n"),
                      raw("BareReturnBeforeTheEnd", "GET /livez HTTP/1.1\r\nHost: a\r\r\n\r\n"),
                      raw("Fold", "GET /livez HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n"),
                      raw("FoldWithTab", "GET /livez HTTP/1.1\r\nHost: a\r\nX: b\r\n\tc\r\n\r\n"),
                      raw("FoldAtOnce", "GET /livez HTTP/1.1\r\n Host: a\r\n\r\n"),
                      raw("BlankBeforeColon", "GET /livez HTTP/1.1\r\nHost : a\r\n\r\n"),
                      raw("TabBeforeColon", "GET /livez HTTP/1.1\r\nHost\t: a\r\n\r\n"),
                      raw("BlankInName", "GET /livez HTTP/1.1\r\nHost: a\r\nX Y: a\r\n\r\n"),
                      raw("EmptyName", "GET /livez HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n"),
                      raw("NoColon", "GET /livez HTTP/1.1\r\nHost: a\r\nXY\r\n\r\n"),
                      raw("NameNoToken", "GET /livez HTTP/1.1\r\nHost: a\r\nX(Y): a\r\n\r\n"),
                      raw("NameNotAscii", "GET /livez HTTP/1.1\r\nHost: a\r\nX\xc3\xa4: a\r\n\r\n"),
                      raw("ControlInValue", "GET /livez HTTP/1.1\r\nHost: a\r\nX: a\x01 b\r\n\r\n"),
                      raw("NulInValue", "GET /livez HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"s),
                      raw("DeleteInValue", "GET /livez HTTP/1.1\r\nHost: a\r\nX: a\x7f\r\n\r\n"),
                      raw("TwoEmptyLinesFirst", "\r\n\r\nGET /livez HTTP/1.1\r\nHost: a\r\n\r\n"),
                      raw("TlsHello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11)),
                      raw("ConnectionNoToken", "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: keep;alive\r\n\r\n"),
                      raw("OnlyAMethod", "GET\r\nHost: a\r\n\r\n"), raw("NoVersion", "GET /livez\r\nHost: a\r\n\r\n"),
                      raw("TwoBlanks", "GET  /livez HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_target"),
                      raw("BlankInTarget", "GET /li vez HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_target"),
                      raw("BlankFirst", " GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"),
                      raw("BlankLast", "GET /livez HTTP/1.1 \r\nHost: a\r\n\r\n", 400, "bad_target"),
                      raw("MethodNoToken", "G(T /livez HTTP/1.1\r\nHost: a\r\n\r\n"),
                      raw("LowerCaseVersion", "GET /livez http/1.1\r\nHost: a\r\n\r\n"),
                      raw("LongVersion", "GET /livez HTTP/1.10\r\nHost: a\r\n\r\n"),
                      raw("VersionTwo", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http_version_not_supported"),
                      raw("VersionOneTwo", "GET /livez HTTP/1.2\r\nHost: a\r\n\r\n", 505, "http_version_not_supported"),
                      raw("VersionNineZero", "GET /livez HTTP/0.9\r\nHost: a\r\n\r\n", 505,
                          "http_version_not_supported")),
    [](const auto& probe) { return probe.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Targets, Framing,
    ::testing::Values(
        raw("NoSlash", "GET livez HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_target"),
        raw("Fragment", "GET /livez#x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_target"),
        raw("NotAscii", "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_target"),
        raw("ControlInTarget", "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_target"),
        raw("Authority", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_target"),
        raw("AsteriskWithGet", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_target"),
        raw("AbsoluteWithoutHost", "GET http:///livez HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_target"),
        raw("AbsoluteWithUser", "GET http://u:p@a/livez HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_target"),
        raw("OtherScheme", "GET ftp://a/livez HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_target"),
        raw("TooLong", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414, "uri_too_long"),
        raw("TooLongAndOpen", "GET /" + std::string(9000, 'a'), 414, "uri_too_long"),
        raw("HeadTooLarge", "GET /livez HTTP/1.1\r\nHost: a\r\nX: " + std::string(17000, 'a') + "\r\n\r\n", 431,
            "headers_too_large"),
        raw("HeadTooLargeAndOpen", "GET /livez HTTP/1.1\r\nHost: a\r\nX: " + std::string(17000, 'a'), 431,
            "headers_too_large"),
        raw(
            "TooManyFields",
            [] {
              std::string bytes = "GET /livez HTTP/1.1\r\nHost: a\r\n";
              for (int i = 0; i < 100; ++i) bytes += "X: y\r\n";
              return bytes + "\r\n";
            }(),
            431, "headers_too_large")),
    [](const auto& probe) { return probe.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Chunks, Framing,
    ::testing::Values(
        chunked("SizeNoNumber", "ZZ\r\nab\r\n0\r\n\r\n"), chunked("SizeNoNumberAndOpen", "Z"),
        chunked("SizeEmpty", "\r\nab\r\n0\r\n\r\n"), chunked("SizeNegative", "-2\r\nab\r\n0\r\n\r\n"),
        chunked("SizeWithPrefix", "0x2\r\nab\r\n0\r\n\r\n"), chunked("SizeWithBlank", "2 \r\nab\r\n0\r\n\r\n"),
        chunked("SizeWithBareLineFeed", "2\nab\r\n0\r\n\r\n"),
        chunked("SizeOverflows", "10000000000000002\r\nab\r\n0\r\n\r\n"),
        chunked("LongerThanItsSize", "2\r\nabc\r\n0\r\n\r\n"), chunked("ShorterThanItsSize", "3\r\nab\r\n0\r\n\r\n"),
        chunked("EndIsNoLineEnd", "2\r\nabXX0\r\n\r\n"), chunked("EndWithBareLineFeed", "2\r\nab\n0\r\n\r\n"),
        chunked("ExtensionTooLong", "2;" + std::string(300, 'x') + "\r\nab\r\n0\r\n\r\n"),
        chunked("ExtensionsTooMany",
                [] {
                  std::string body;
                  for (int i = 0; i < 30; ++i) body += "1;" + std::string(200, 'x') + "\r\na\r\n";
                  return body;
                }()),
        chunked("ExtensionWithControl", "2;a\x01\r\nab\r\n0\r\n\r\n"),
        chunked("TrailerMalformed", "2\r\nab\r\n0\r\nX Y: z\r\n\r\n"),
        chunked("TrailerWithBareLineFeed", "2\r\nab\r\n0\r\nX: z\n\r\n"),
        chunked("TrailersTooLarge", "2\r\nab\r\n0\r\nX: " + std::string(9000, 'a') + "\r\n\r\n", 431,
                "headers_too_large"),
        chunked("BodyTooLarge", "1001\r\n", 413, "body_too_large"),
        chunked("SizeHuge", "FFFFFFFFFFFFFFFF\r\n", 413, "body_too_large"),
        chunked("SumTooLarge", "1000\r\n" + std::string(4096, 'a') + "\r\n1\r\na\r\n", 413, "body_too_large"),
        posted("LengthTooLarge", "Content-Length: 4097\r\n", "", 413, "body_too_large"),
        posted("LengthHuge", "Content-Length: 999999999999999999\r\n", "", 413, "body_too_large")),
    [](const auto& probe) { return probe.param.name; });

/// The client goes away before its request is whole.
class Cut : public ServerFixture, public ::testing::WithParamInterface<Case> {};

TEST_P(Cut, HandsNothingOver) {
  serve();
  RawClient client(port);
  client.send(GetParam().bytes);
  client.finish();
  const RawAnswer answer = client.answer();
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("\"code\":\"body_cut\""), std::string::npos) << answer.body;
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(handed, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Requests, Cut,
    ::testing::Values(raw("ShortBody", "POST /raw HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab"),
                      raw("NoBody", "POST /raw HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"),
                      raw("HalfAHead", "POST /raw HTT"), chunked("WithinAChunk", "5\r\nab"),
                      chunked("WithoutTheEnd", "2\r\nab\r\n"), chunked("WithoutTheLastLine", "2\r\nab\r\n0\r\n")),
    [](const auto& probe) { return probe.param.name; });

}  // namespace
}  // namespace penstock::test
