#include "policy_bench.h"

#include <gmock/gmock.h>

#include <set>

namespace penstock::test {
namespace {

using Fields = std::multiset<std::string>;

Fields fieldsOf(const Admission& admission) {
  Fields fields;
  for (const Fault& fault : admission.faults) {
    EXPECT_FALSE(fault.message.empty());
    fields.insert(fault.field);
  }
  return fields;
}

/// A valid request with some members replaced; a value of "absent" takes the member away.
std::string with(const std::string& base, const std::string& changes) {
  boost::json::object request = boost::json::parse(base).as_object();
  const boost::json::value changed = boost::json::parse(changes);
  for (const auto& [name, value] : changed.as_object()) {
    if (value == "absent")
      request.erase(name);
    else
      request[name] = value;
  }
  return boost::json::serialize(request);
}

struct Case {
  std::string changes;
  Fields fields;  // empty: admitted
};

class Validate : public testing::Test {
protected:
  using Make = Request (*)(const std::string&);
  void check(Make make, const std::string& base, const std::vector<Case>& cases) {
    for (const Case& one : cases) {
      const Admission admission = bench_.admit(make(with(base, one.changes)));
      EXPECT_EQ(admission.verdict, one.fields.empty() ? Admission::Verdict::Admitted : Admission::Verdict::Rejected)
          << one.changes;
      EXPECT_EQ(fieldsOf(admission), one.fields) << one.changes;
    }
  }
  PolicyBench bench_;
};

TEST_F(Validate, SmsMembersThatMustBeThere) {
  check(&Request::sms, kSms,
        {{"{}", {}},
         {R"({"from":"absent"})", {"from"}},
         {R"({"from":null})", {"from"}},
         {R"({"from":""})", {"from"}},
         {R"({"from":15551234567})", {"from"}},
         {R"({"from":["+15551234567"]})", {"from"}},
         {R"({"to":"absent"})", {"to"}},
         {R"({"to":""})", {"to"}},
         {R"({"to":{}})", {"to"}},
         {R"({"body":"absent"})", {"body"}},
         {R"({"body":null})", {"body"}},
         {R"({"body":""})", {"body"}},
         {R"({"body":1})", {"body"}},
         {R"({"body":"  "})", {}},
         {R"({"from":"","to":null,"body":7,"type":"fax","timestamp":"now","customerId":""})",
          {"from", "to", "body", "type", "timestamp", "customerId"}}});
}

TEST_F(Validate, PhoneAddresses) {
  check(&Request::sms, kSms,
        {{R"({"from":"12345"})", {}},
         {R"({"from":"ACME"})", {}},
         {R"({"from":"ABCDEFGHIJKL"})", {"from"}},
         {R"({"from":"a b"})", {"from"}},
         {R"({"from":"ann@example.org"})", {"from"}},
         {R"({"from":"+1 (555) 123-45.67"})", {}},
         {R"({"to":"12345"})", {}},
         {R"({"to":"ACME"})", {"to"}},
         {R"({"to":"12"})", {"to"}},
         {R"({"to":"1234567890123456"})", {"to"}}});
}

TEST_F(Validate, TypeOfPhoneMessages) {
  check(&Request::sms, kSms,
        {{R"({"type":"sms"})", {}},
         {R"({"type":"SMS"})", {}},
         {R"({"type":null})", {}},
         {R"({"type":""})", {"type"}},
         {R"({"type":"email"})", {"type"}},
         {R"({"type":" sms"})", {"type"}},
         {R"({"type":5})", {"type"}},
         {R"({"type":"MmS","attachments":["https://example.org/a"]})", {}},
         {R"({"type":"mms"})", {"attachments"}},
         {R"({"type":"mms","attachments":null})", {"attachments"}},
         {R"({"type":"mms","attachments":[]})", {"attachments"}}});
}

TEST_F(Validate, Attachments) {
  const std::string url = R"("https://example.org/a")";
  std::string eight = url;
  for (int i = 1; i < 8; ++i) eight += "," + url;
  check(&Request::sms, kSms,
        {{R"({"attachments":null})", {}},
         {R"({"attachments":[]})", {}},
         {R"({"attachments":[)" + eight + "]}", {}},
         {R"({"attachments":[)" + eight + "," + url + "]}", {"attachments"}},
         {R"({"attachments":"https://example.org/a"})", {"attachments"}},
         {R"({"attachments":{"0":"https://example.org/a"}})", {"attachments"}},
         {R"({"attachments":{}})", {"attachments"}},
         {R"({"attachments":[null]})", {"attachments"}},
         {R"({"attachments":["https://example.org/a",null]})", {"attachments"}},
         {R"({"attachments":[7]})", {"attachments"}},
         {R"({"attachments":[""]})", {"attachments"}},
         {R"({"attachments":["/a.png"]})", {"attachments"}},
         {R"({"attachments":["ftp://example.org/a"]})", {"attachments"}},
         {R"({"attachments":["file:///etc/passwd"]})", {"attachments"}},
         {R"({"attachments":["javascript:alert"]})", {"attachments"}},
         {R"({"attachments":["http://"]})", {"attachments"}},
         {R"({"attachments":["https:///a"]})", {"attachments"}},
         {R"({"attachments":["https://example.org/a b"]})", {"attachments"}},
         {R"({"attachments":["HTTP://example.org:8080/a?b=c#d"]})", {}},
         {R"({"attachments":["http://[2001:db8::1]/a"]})", {}}});
}

TEST_F(Validate, Times) {
  check(&Request::sms, kSms,
        {{R"({"timestamp":"2026-03-01T12:00:00Z"})", {}},
         {R"({"timestamp":"2026-03-01T12:00:00.123+02:00"})", {}},
         {R"({"timestamp":null})", {}},
         {R"({"timestamp":"2026-03-01T12:00:00"})", {"timestamp"}},
         {R"({"timestamp":"2026-02-30T12:00:00Z"})", {"timestamp"}},
         {R"({"timestamp":"yesterday"})", {"timestamp"}},
         {R"({"timestamp":""})", {"timestamp"}},
         {R"({"timestamp":1772366400})", {"timestamp"}},
         {R"({"sentAt":"2026-03-01T12:00:00Z"})", {}},
         {R"({"sentAt":"soon"})", {"sentAt"}},
         {R"({"sentAt":"2026-03-01T12:00:00Z","timestamp":"2026-03-01T13:00:00+01:00"})", {}},
         {R"({"sentAt":"2026-03-01T12:00:01Z","timestamp":"2026-03-01T12:00:00Z"})", {"sentAt"}}});
}

TEST_F(Validate, CustomersKeysAndMetadata) {
  const std::string umlauts64 = [] {
    std::string text;
    for (int i = 0; i < 64; ++i) text += "ü";
    return text;
  }();
  check(&Request::sms, kSms,
        {{R"({"customerId":"c"})", {}},
         {R"({"customerId":")" + umlauts64 + "\"}", {}},
         {R"({"customerId":")" + umlauts64 + "x\"}", {"customerId"}},
         {R"({"customerId":""})", {"customerId"}},
         {R"({"customerId":7})", {"customerId"}},
         {R"({"customerId":null})", {}},
         {R"({"idempotencyKey":"abc"})", {}},
         {R"({"idempotencyKey":")" + std::string(255, 'k') + "\"}", {}},
         {R"({"idempotencyKey":")" + std::string(256, 'k') + "\"}", {"idempotencyKey"}},
         {R"({"idempotencyKey":""})", {"idempotencyKey"}},
         {R"({"idempotencyKey":"a b"})", {"idempotencyKey"}},
         {R"({"idempotencyKey":"ü"})", {"idempotencyKey"}},
         {R"({"idempotencyKey":{}})", {"idempotencyKey"}},
         {R"({"metadata":{}})", {}},
         {R"({"metadata":{"a":[1,{"b":null}]}})", {}},
         {R"({"metadata":null})", {}},
         {R"({"metadata":[]})", {"metadata"}},
         {R"({"metadata":"text"})", {"metadata"}},
         {R"({"metadata":7,"unknown":1})", {"metadata"}},
         {R"({"subject":5,"whatever":[1,2,3]})", {}}});
}

TEST_F(Validate, EMail) {
  check(&Request::email, kEmail,
        {{"{}", {}},
         {R"({"body":"<p>hi</p>","subject":"s"})", {}},
         {R"({"subject":null})", {}},
         {R"({"subject":""})", {}},
         {R"({"subject":7})", {"subject"}},
         {R"({"type":"email"})", {}},
         {R"({"type":"sms"})", {"type"}},
         {R"({"from":"+15551234567"})", {"from"}},
         {R"({"from":"Ann <ann@example.org>"})", {}},
         {R"-({"to":"[bob@example.com](mailto:bob@example.com)"})-", {}},
         {R"({"to":"bob"})", {"to"}},
         {R"({"to":"bob@example.com, carl@example.com"})", {"to"}},
         {R"({"attachments":["nope"]})", {"attachments"}}});
}

TEST_F(Validate, InboundMessagesNameTheProvidersId) {
  const std::string id = R"("messaging_provider_id":"m-1")";
  check(&Request::inboundSms, R"({"from":"+15551234567","to":"+15557654321","body":"hi",)" + id + "}",
        {{"{}", {}},
         {R"({"messaging_provider_id":"absent"})", {"messaging_provider_id"}},
         {R"({"messaging_provider_id":null})", {"messaging_provider_id"}},
         {R"({"messaging_provider_id":""})", {"messaging_provider_id"}},
         {R"({"messaging_provider_id":12})", {"messaging_provider_id"}},
         {R"({"messaging_provider_id":")" + std::string(256, 'x') + "\"}", {"messaging_provider_id"}},
         {R"({"xillio_id":7})", {}},
         {R"({"body":""})", {"body"}}});
  check(&Request::inboundEmail, R"({"from":"a@b","to":"c@d","body":"hi","xillio_id":"x-1"})",
        {{"{}", {}}, {R"({"xillio_id":""})", {"xillio_id"}}, {R"({"xillio_id":"absent"})", {"xillio_id"}}});
}

TEST_F(Validate, NulAnywhereIsRefusedByTheNameOfItsMember) {
  check(&Request::sms, kSms,
        {{R"({"body":"a\u0000b"})", {"body"}},
         {R"({"from":"\u0000"})", {"from"}},
         {R"({"customerId":"a\u0000"})", {"customerId"}},
         {R"({"attachments":["https://example.org/\u0000"]})", {"attachments"}},
         {R"({"metadata":{"a":[{"b":"\u0000"}]}})", {"metadata"}},
         {R"({"metadata":{"a\u0000":1}})", {"metadata"}},
         {R"({"unknown":{"deep":["\u0000"]}})", {"unknown"}},
         {R"({"un\u0000known":1})", {"request"}},
         {R"({"body":"\u0000","to":""})", {"body", "to"}}});
}

TEST_F(Validate, TextThatIsNotUtf8IsRefused) {
  for (const char* bytes :
       {"\xff", "a\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xf0\x8f\xbf\xbf"}) {
    Request request = Request::sms(kSms);
    request.value.as_object()["body"] = std::string("twelve bytes") + bytes;
    EXPECT_EQ(fieldsOf(bench_.admit(std::move(request))), Fields{"body"});
  }
  Request good = Request::sms(kSms);
  good.value.as_object()["body"] =
      "quote \" newline \n \xf0\x9f\x98\x80 \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xef\xbf\xbd \xf4\x8f\xbf\xbf";
  EXPECT_EQ(bench_.admit(std::move(good)).verdict, Admission::Verdict::Admitted);
}

TEST_F(Validate, CharactersAreLimitedOnlyWhenConfigured) {
  check(&Request::sms, kSms, {{R"({"body":")" + std::string(200000, 'x') + "\"}", {}}});
  PolicyBench limited;
  limited.settings.max_characters_sms = 3;
  limited.settings.max_characters_email = 2;
  limited.settings.max_attachments = 1;
  EXPECT_EQ(limited.admit(Request::sms(with(kSms, R"({"body":"üüü"})"))).verdict, Admission::Verdict::Admitted);
  EXPECT_EQ(fieldsOf(limited.admit(Request::sms(with(kSms, R"({"body":"üüüü"})")))), Fields{"body"});
  EXPECT_EQ(fieldsOf(limited.admit(Request::email(with(kEmail, R"({"body":"xxx"})")))), Fields{"body"});
  EXPECT_EQ(
      fieldsOf(limited.admit(Request::sms(with(kSms, R"({"body":"b","attachments":["http://a/","http://b/"]})")))),
      Fields{"attachments"});
}

TEST_F(Validate, ADeadlyDeepRequestIsRefused) {
  boost::json::value deep = 1;
  for (int i = 0; i < 100; ++i) deep = boost::json::array{deep};
  Request request = Request::sms(kSms);
  request.value.as_object()["metadata"] = {{"a", deep}};
  EXPECT_EQ(fieldsOf(bench_.admit(std::move(request))), Fields{"metadata"});
}

TEST_F(Validate, AMessageIsNoDeliveryReport) {
  Request request = Request::sms(kSms);
  request.draft.kind = Kind::DeliveryStatus;
  EXPECT_EQ(fieldsOf(bench_.admit(std::move(request))), (Fields{"provider_message_id", "status"}));
}

TEST_F(Validate, ARequestWithoutMembersIsRefusedAndNotACrash) {
  Draft draft;
  draft.route = "messages/sms";
  EXPECT_EQ(fieldsOf(bench_.host().admit(draft)), (Fields{"from", "to", "body"}));
}

}  // namespace
}  // namespace penstock::test
