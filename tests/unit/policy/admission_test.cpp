#include "policy_bench.h"

#include <gmock/gmock.h>

namespace penstock::test {
namespace {

class AdmissionOf : public testing::Test {
protected:
  Event sms(const std::string& json) { return bench_.event(Request::sms(json)); }
  Event email(const std::string& json) { return bench_.event(Request::email(json)); }
  PolicyBench bench_;
};

TEST_F(AdmissionOf, AnSmsCarriesWhatWasSent) {
  Request request = Request::sms(
      R"({"from":"1 555 123 4567","to":"+1 (555) 765-4321","body":"a \"b\"\n\u2764","type":"MMS","customerId":"c1",
          "attachments":["https://example.org/a"],"timestamp":"2026-03-01T12:00:00.5+01:00","metadata":{"k":1},"x":true})");
  const Event event = bench_.event(request);
  EXPECT_EQ(event.kind, Kind::OutboundMessage);
  EXPECT_EQ(event.customer, "c1");
  EXPECT_EQ(event.content.channel, Channel::Sms);
  EXPECT_EQ(event.content.type, MessageType::Mms);
  EXPECT_EQ(event.content.from, "+15551234567");
  EXPECT_EQ(event.content.to, "+15557654321");
  EXPECT_EQ(event.content.body, "a \"b\"\n\u2764");
  EXPECT_THAT(event.content.attachments, testing::ElementsAre("https://example.org/a"));
  EXPECT_EQ(event.content.timestamp, parseTime("2026-03-01T11:00:00.5Z"));
  EXPECT_EQ(boost::json::parse(event.content.metadata), boost::json::parse(R"({"k":1,"x":true})"));
  EXPECT_EQ(event.accepted_at, bench_.clock.wall());
  EXPECT_EQ(event.request_id, "request-1");
  EXPECT_EQ(event.policy, bench_.host().hash());
  EXPECT_EQ(event.participant_a, "+15551234567");
  EXPECT_EQ(event.participant_b, "+15557654321");
  EXPECT_EQ(event.conversation, "sms:+15551234567<->+15557654321");
}

TEST_F(AdmissionOf, DefaultsAreFilledIn) {
  const Event event = sms(kSms);
  EXPECT_EQ(event.content.type, MessageType::Sms);
  EXPECT_EQ(event.customer, "default");
  EXPECT_EQ(event.content.timestamp, bench_.clock.wall());
  EXPECT_EQ(event.content.metadata, "");
  EXPECT_EQ(email(kEmail).content.type, MessageType::Email);
}

TEST_F(AdmissionOf, AnEMailKeepsItsAddressAsWrittenAndIsComparedWithoutTag) {
  const Event event = email(
      R"-({"from":"Zoe <Zoe+news@Example.org>","to":"[ann@example.org](mailto:ann@example.org)","body":"<p>","subject":"s"})-");
  EXPECT_EQ(event.content.from, "Zoe+news@Example.org");
  EXPECT_EQ(event.content.to, "ann@example.org");
  EXPECT_EQ(event.content.subject, "s");
  EXPECT_EQ(event.participant_a, "ann@example.org");
  EXPECT_EQ(event.participant_b, "zoe@example.org");
  EXPECT_EQ(event.conversation, "email:ann@example.org<->zoe@example.org");
}

TEST_F(AdmissionOf, BothDirectionsAreOneConversation) {
  const Event there = sms(R"({"from":"+15551234567","to":"+15557654321","body":"a"})");
  const Event back = bench_.event(
      Request::inboundSms(R"({"from":"+15557654321","to":"+1 555 123 4567","body":"b","messaging_provider_id":"m"})"));
  EXPECT_EQ(there.conversation, back.conversation);
  EXPECT_EQ(there.participant_a, back.participant_a);
}

TEST_F(AdmissionOf, UnknownMembersBecomeMetadataAndTheExplicitOneWins) {
  const Event event = sms(
      R"({"from":"+15551234567","to":"+15557654321","body":"a","subject":"kept","k":"outer","n":null,
          "metadata":{"k":"inner","z":[1]}})");
  EXPECT_EQ(boost::json::parse(event.content.metadata),
            boost::json::parse(R"({"k":"inner","z":[1],"subject":"kept","n":null})"));
  EXPECT_EQ(event.content.subject, "");
}

TEST_F(AdmissionOf, EqualMessagesOfOneSecondHaveOneKeyAndOneFingerprint) {
  const Event first = sms(kSms);
  bench_.clock.advance(std::chrono::milliseconds(300));
  const Event again = sms(kSms);
  EXPECT_EQ(first.key, again.key);
  EXPECT_EQ(first.fingerprint, again.fingerprint);
  EXPECT_NE(first.id, again.id);
  bench_.clock.advance(std::chrono::seconds(1));
  EXPECT_NE(first.key, sms(kSms).key);
}

TEST_F(AdmissionOf, WhateverMakesAnotherMessageMakesAnotherKey) {
  const Digest128 key = sms(kSms).key;
  for (const char* other : {
           R"({"from":"+15551234568","to":"+15557654321","body":"hello"})",
           R"({"from":"+15551234567","to":"+15557654322","body":"hello"})",
           R"({"from":"+15557654321","to":"+15551234567","body":"hello"})",
           R"({"from":"+15551234567","to":"+15557654321","body":"hello "})",
           R"({"from":"+15551234567","to":"+15557654321","body":"hello","attachments":["http://a/"]})",
           R"({"from":"+15551234567","to":"+15557654321","body":"hello","timestamp":"2026-01-01T00:00:00Z"})",
           R"({"from":"+15551234567","to":"+15557654321","body":"hello","customerId":"c2"})",
       })
    EXPECT_NE(sms(other).key, key) << other;
  Request elsewhere = Request::sms(kSms);
  elsewhere.draft.route = "messages/other";
  EXPECT_NE(bench_.event(elsewhere).key, key);
  EXPECT_EQ(sms(R"({"from":"1-555-123-4567","to":"+15557654321","body":"hello","x":1})").key, key);
}

TEST_F(AdmissionOf, ContentThatMovesBetweenPartsIsOtherContent) {
  EXPECT_NE(email(R"({"from":"a@b","to":"c@d","subject":"xy","body":"z"})").key,
            email(R"({"from":"a@b","to":"c@d","subject":"x","body":"yz"})").key);
  EXPECT_NE(sms(R"({"from":"123","to":"456","body":"b","attachments":["http://a/","http://b/"]})").key,
            sms(R"({"from":"123","to":"456","body":"b","attachments":["http://a/http://b/"]})").key);
}

TEST_F(AdmissionOf, TheClientsKeyReplacesTheScripts) {
  Request one = Request::sms(kSms);
  one.draft.client_key = "k-1";
  Request other = Request::sms(R"({"from":"+15551234567","to":"+15557654321","body":"other","idempotencyKey":"k-1"})");
  const Event first = bench_.event(one);
  const Event second = bench_.event(other);
  EXPECT_EQ(first.key, second.key);
  EXPECT_NE(first.fingerprint, second.fingerprint);
  EXPECT_EQ(first.key, Digest128::of({"key1", "default", "messages/sms", "k-1"}));
}

TEST_F(AdmissionOf, HeaderAndMemberMustBeTheSameKey) {
  Request both = Request::sms(R"({"from":"+15551234567","to":"+15557654321","body":"b","idempotencyKey":"k-2"})");
  both.draft.client_key = "k-1";
  const Admission admission = bench_.admit(both);
  ASSERT_EQ(admission.faults.size(), 1U);
  EXPECT_EQ(admission.faults.front().field, "idempotencyKey");
  both.draft.client_key = "k-2";
  EXPECT_EQ(bench_.admit(both).verdict, Admission::Verdict::Admitted);
}

TEST_F(AdmissionOf, TheFingerprintKnowsTheClientsTimeButNotTheServersAndNoMetadata) {
  const auto keyed = [&](const std::string& json) {
    Request request = Request::sms(json);
    request.draft.client_key = "k";
    return bench_.event(request).fingerprint;
  };
  const Digest128 plain = keyed(kSms);
  bench_.clock.advance(std::chrono::hours(1));
  EXPECT_EQ(keyed(kSms), plain);
  EXPECT_EQ(keyed(R"({"from":"1 555 123 4567","to":"+15557654321","body":"hello","type":"SMS","metadata":{"a":1}})"),
            plain);
  const Digest128 timed =
      keyed(R"({"from":"+15551234567","to":"+15557654321","body":"hello","timestamp":"2026-01-01T00:00:00Z"})");
  EXPECT_NE(timed, plain);
  EXPECT_EQ(keyed(R"({"from":"+15551234567","to":"+15557654321","body":"hello","sentAt":"2026-01-01T01:00:00+01:00"})"),
            timed);
  EXPECT_NE(
      keyed(R"({"from":"+15551234567","to":"+15557654321","body":"hello","type":"mms","attachments":["http://a/"]})"),
      plain);
}

TEST_F(AdmissionOf, AnInboundMessageIsKnownByItsProvidersIdAlone) {
  Request first = Request::inboundSms(R"({"from":"123","to":"456","body":"a","messaging_provider_id":"m-1"})");
  Request again = Request::inboundSms(
      R"({"from":"789","to":"456","body":"other","messaging_provider_id":"m-1","idempotencyKey":"mine","timestamp":"2026-01-01T00:00:00Z"})");
  again.draft.client_key = "mine";
  const Event one = bench_.event(first);
  bench_.clock.advance(std::chrono::hours(1));
  const Event two = bench_.event(Request::inboundSms(
      R"({"from":"789","to":"456","body":"other","messaging_provider_id":"m-1","idempotencyKey":"mine"})"));
  EXPECT_EQ(one.key, two.key);
  EXPECT_EQ(one.fingerprint, two.fingerprint);
  EXPECT_EQ(one.content.provider, "messaging");
  EXPECT_EQ(one.content.provider_message_id, "m-1");
  EXPECT_NE(
      bench_.event(Request::inboundSms(R"({"from":"123","to":"456","body":"a","messaging_provider_id":"m-2"})")).key,
      one.key);
  first.draft.provider = "other";
  EXPECT_NE(bench_.event(first).key, one.key);
}

TEST_F(AdmissionOf, ScriptsSeeMetadataAndUnknownMembersTogether) {
  bench_.scripts.write(ScriptName::Idempotency,
                       "return function(draft) return draft.metadata.order .. json.encode(draft.metadata) end");
  const Event event = sms(
      R"({"from":"123","to":"456","body":"a","order":"o-1","metadata":{"list":[null,1],"none":null,"order":"o-2"}})");
  EXPECT_EQ(event.key, Digest128::of({"key1", "default", "messages/sms", R"(o-2{"list":[null,1],"order":"o-2"})"}));
}

TEST_F(AdmissionOf, NothingAScriptWritesIntoADraftReachesTheNextOne) {
  bench_.scripts.write(ScriptName::Conversation, R"(return function(draft)
    local seen = draft.seen or "fresh"
    draft.seen = "old"
    return seen
  end)");
  EXPECT_EQ(sms(kSms).conversation, "fresh");
  EXPECT_EQ(sms(kSms).conversation, "fresh");
}

TEST_F(AdmissionOf, LargeRequestsPass) {
  Request request = Request::sms(kSms);
  request.value.as_object()["body"] = std::string(250 << 10, 'x');
  EXPECT_EQ(bench_.event(request).content.body.size(), 250U << 10);
  Request wide = Request::sms(kSms);
  boost::json::array empty;
  for (int i = 0; i < 85000; ++i) empty.emplace_back(boost::json::array());
  wide.value.as_object()["lists"] = empty;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bench_.admit(wide).verdict, Admission::Verdict::Admitted);
}

}  // namespace
}  // namespace penstock::test
