#include "answered.h"
#include "fake_dead_letters.h"

#include "http-ingest/dead_letter_calls.h"

#include "support/captured_log.h"
#include "support/manual_clock.h"
#include "support/recorded_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace penstock::test {

using namespace std::chrono_literals;
namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;

constexpr const char* kId = "0195513c-2a60-7c3e-9f4b-0d5a1c2b3e4f";

class DeadLetterCallsTest : public testing::Test {
protected:
  using Call = void (DeadLetterCalls::*)(HttpRequest&, Responder);
  using Query = std::vector<std::pair<std::string, std::string>>;

  Answered ask(Call call, Query query = {}, std::vector<std::string> path = {}, std::string_view body = {}) {
    HttpRequest request;
    request.query = std::move(query);
    request.path_parameters = std::move(path);
    request.body = body;
    request.request_id = "asked";
    Answered answered;
    (calls.*call)(request, answered.responder());
    answered.status();
    return answered;
  }
  Answered replay(std::string_view body) { return ask(&DeadLetterCalls::replayMany, {}, {}, body); }
  static json::value parsed(const Answered& answered) { return json::parse(answered.response().body); }
  static std::vector<std::string> fields(const Answered& answered) {
    EXPECT_EQ(answered.problem().status, 400U);
    std::vector<std::string> names;
    for (const Fault& fault : answered.problem().errors) names.push_back(fault.field);
    return names;
  }
  static DeadLetter letter() {
    DeadLetter one;
    one.event.id = *Uuid::parse(kId);
    one.event.customer = "default";
    one.event.conversation = "sms:+15550001111<->+15550002222";
    one.event.key.bytes[0] = 1;
    one.event.policy.bytes[0] = 2;
    one.event.accepted_at = WallTime(1772366400250ms);
    one.event.request_id = "r-1";
    one.event.content.from = "+15550001111";
    one.event.content.to = "+15550002222";
    one.event.content.body = "a secret";
    one.event.content.metadata = R"({"order":4711})";
    one.reason = "no route";
    one.cause = "0123456789abcdef";
    one.attempts = 3;
    one.replays = 1;
    one.failures = {{WallTime(1772366400250ms), 3, "no route"}};
    one.dead_at = WallTime(1772366400250ms);
    return one;
  }

  ManualClock clock;
  RecordedMetrics metrics;
  CapturedLog log{"http-ingest"};
  IngestMetrics ingest_metrics{metrics};
  ReaderPool pool{1, 16, clock, log.log(), ingest_metrics};
  FakeDeadLetters letters;
  DeadLetterCalls calls{letters, pool, clock, log.log(), ingest_metrics};
};

TEST_F(DeadLetterCallsTest, TheListShowsWhatHappenedButNotTheMessage) {
  letters.page = {{letter()}, 41};
  const Answered answer = ask(&DeadLetterCalls::list, {{"page", "3"}, {"limit", "20"}});
  EXPECT_EQ(parsed(answer), json::parse(R"({"items":[{"id":"0195513c-2a60-7c3e-9f4b-0d5a1c2b3e4f","reason":"no route",
    "cause":"0123456789abcdef","provider":null,"kind":"outbound_message","customer_id":"default","attempts":3,"replays":1,
    "dead_at":"2026-03-01T12:00:00.250Z","failures":[{"at":"2026-03-01T12:00:00.250Z","attempt":3,"reason":"no route"}]}],
    "meta":{"page":3,"page_size":20,"total":41}})"));
  EXPECT_EQ(letters.wanted.number, 3U);
  EXPECT_EQ(letters.wanted.size, 20U);
}

TEST_F(DeadLetterCallsTest, OneIsShownWhole) {
  letters.letter = letter();
  letters.letter->provider = "acme";
  const json::value shown = parsed(ask(&DeadLetterCalls::show, {}, {kId}));
  EXPECT_EQ(letters.ids, std::vector{*Uuid::parse(kId)});
  EXPECT_EQ(shown.at("provider"), "acme");
  EXPECT_EQ(shown.at("policy_hash"), "02000000000000000000000000000000");
  EXPECT_EQ(shown.at("idempotency_key"), "01000000000000000000000000000000");
  EXPECT_EQ(shown.at("accepted_at"), "2026-03-01T12:00:00.250Z");
  EXPECT_EQ(shown.at("message").at("from"), "+15550001111");
  EXPECT_EQ(shown.at("message").at("body"), "a secret");
  EXPECT_EQ(shown.at("message").at("subject"), nullptr);
  EXPECT_EQ(shown.at("message").at("metadata").at("order"), 4711);
  EXPECT_EQ(shown.at("failures").as_array().size(), 1U);
}

TEST_F(DeadLetterCallsTest, OfOneThatCannotBeReadNothingIsMadeUp) {
  letters.letter = DeadLetter{};
  letters.letter->reason = "unreadable";
  const json::value shown = parsed(ask(&DeadLetterCalls::show, {}, {kId}));
  for (const char* member : {"message", "policy_hash", "idempotency_key", "accepted_at", "conversation_key"})
    EXPECT_EQ(shown.at(member), nullptr) << member;
}

TEST_F(DeadLetterCallsTest, EachFilterIsPassedOn) {
  ask(&DeadLetterCalls::list, {{"reason", "no route"},
                               {"provider", "acme"},
                               {"cause", "0123456789abcdef"},
                               {"kind", "inbound_message"},
                               {"customer", "shop"},
                               {"since", "2026-03-01T12:00:00Z"},
                               {"before", "2026-03-02T12:00:00Z"}});
  EXPECT_EQ(letters.filter.reason, "no route");
  EXPECT_EQ(letters.filter.provider, "acme");
  EXPECT_EQ(letters.filter.cause, "0123456789abcdef");
  EXPECT_EQ(letters.filter.kind, Kind::InboundMessage);
  EXPECT_EQ(letters.filter.customer, "shop");
  EXPECT_EQ(letters.filter.dead_since, parseTime("2026-03-01T12:00:00Z"));
  EXPECT_EQ(letters.filter.dead_before, parseTime("2026-03-02T12:00:00Z"));
  ask(&DeadLetterCalls::list);
  EXPECT_FALSE(letters.filter.reason || letters.filter.provider || letters.filter.cause || letters.filter.kind ||
               letters.filter.customer || letters.filter.dead_since || letters.filter.dead_before);
}

TEST_F(DeadLetterCallsTest, AnAgeIsHowLongItHasBeenDeadAtLeast) {
  ask(&DeadLetterCalls::list, {{"age", "36h"}});
  EXPECT_EQ(letters.filter.dead_before, clock.wall() - 36h + 1us);
  EXPECT_FALSE(letters.filter.dead_since);
}

TEST_F(DeadLetterCallsTest, EveryFaultOfAQueryIsNamedAndNobodyIsAsked) {
  const Answered answer = ask(&DeadLetterCalls::list, {{"cause", "0123456789ABCDEF"},
                                                       {"kind", "message"},
                                                       {"since", "yesterday"},
                                                       {"before", "2026-03-01"},
                                                       {"age", "10"},
                                                       {"reason", std::string(1025, 'x')},
                                                       {"provider", std::string("a\0b", 3)},
                                                       {"page", "0"}});
  EXPECT_THAT(fields(answer),
              UnorderedElementsAre("cause", "kind", "since", "before", "age", "reason", "provider", "page"));
  EXPECT_THAT(fields(ask(&DeadLetterCalls::causes, {{"kind", ""}, {"cause", ""}})),
              UnorderedElementsAre("kind", "cause"));
  EXPECT_THAT(fields(ask(&DeadLetterCalls::list, {{"before", "2026-03-01T12:00:00Z"}, {"age", "1h"}})),
              ElementsAre("age"));
  for (const char* age : {"", "h", "-1h", "1.5h", "1 h", "1w", "99999999999999999999d", "36501d"})
    EXPECT_THAT(fields(ask(&DeadLetterCalls::list, {{"age", age}})), ElementsAre("age")) << age;
  EXPECT_EQ(letters.asked, 0);
}

TEST_F(DeadLetterCallsTest, CausesAreGroups) {
  letters.groups = {{.cause = "0123456789abcdef",
                     .reason = "no route",
                     .count = 7,
                     .first_dead_at = WallTime(1772366400250ms),
                     .last_dead_at = WallTime(1772366400251ms)}};
  EXPECT_EQ(parsed(ask(&DeadLetterCalls::causes, {{"customer", "shop"}})),
            json::parse(R"({"items":[{"cause":"0123456789abcdef","reason":"no route","count":7,
    "first_dead_at":"2026-03-01T12:00:00.250Z","last_dead_at":"2026-03-01T12:00:00.251Z"}]})"));
  EXPECT_EQ(letters.filter.customer, "shop");
  EXPECT_EQ(letters.cap, 100U);
}

TEST_F(DeadLetterCallsTest, OneIsReplayed) {
  letters.changed = 1;
  EXPECT_EQ(parsed(ask(&DeadLetterCalls::replayOne, {}, {kId})), json::parse(R"({"replayed":1})"));
  EXPECT_EQ(letters.filter.ids, std::vector{*Uuid::parse(kId)});
  EXPECT_EQ(letters.cap, 1U);
  EXPECT_EQ(metrics.value("penstock_ingest_dead_letters_replayed_total"), 1);
  EXPECT_EQ(log.count("ingest.dead_letters_replayed"), 1U);
}

TEST_F(DeadLetterCallsTest, OneForWhichThereIsNoRoomIsNotTakenForUnknown) {
  EXPECT_EQ(ask(&DeadLetterCalls::replayOne, {}, {kId}).problem().status, 404U);
  letters.letter = letter();
  const Answered full = ask(&DeadLetterCalls::replayOne, {}, {kId});
  EXPECT_EQ(full.problem().code, "queue_full");
  EXPECT_TRUE(full.problem().retry_after);
  EXPECT_EQ(log.count("ingest.dead_letters_replayed"), 0U);
}

TEST_F(DeadLetterCallsTest, ManyAreReplayedAsOrdered) {
  letters.changed = 17;
  EXPECT_EQ(parsed(replay(R"({"filter":{"cause":"0123456789abcdef","kind":"inbound_message","age":"1h",
    "ids":["0195513c-2a60-7c3e-9f4b-0d5a1c2b3e4f"]},"cap":250,"spread":"10m"})")),
            json::parse(R"({"replayed":17})"));
  EXPECT_EQ(letters.filter.cause, "0123456789abcdef");
  EXPECT_EQ(letters.filter.kind, Kind::InboundMessage);
  EXPECT_EQ(letters.filter.dead_before, clock.wall() - 1h + 1us);
  EXPECT_EQ(letters.filter.ids.size(), 1U);
  EXPECT_EQ(letters.cap, 250U);
  EXPECT_EQ(letters.spread, 10min);
  EXPECT_EQ(metrics.value("penstock_ingest_dead_letters_replayed_total"), 17);
  replay(R"({"filter":{}})");
  EXPECT_EQ(letters.cap, 100U);
  EXPECT_EQ(letters.spread, 0s);
}

TEST_F(DeadLetterCallsTest, AnOrderThatIsNotUnderstoodReplaysNothing) {
  EXPECT_EQ(replay("{").problem().code, "malformed_json");
  EXPECT_EQ(replay("[]").problem().code, "not_an_object");
  EXPECT_THAT(fields(replay("{}")), ElementsAre("filter"));
  EXPECT_THAT(fields(replay(R"({"filter":null,"cap":0,"spread":"8d","extra":1})")),
              UnorderedElementsAre("filter", "cap", "spread", "extra"));
  EXPECT_THAT(fields(replay(R"({"filter":{"resaon":"x","kind":"?","since":1,"ids":[],"before":null}})")),
              UnorderedElementsAre("filter.resaon", "filter.kind", "filter.since", "filter.ids", "filter.before"));
  for (const char* cap : {"-1", "0", "100001", "1.0", "1e2", "\"5\"", "null", "99999999999999999999"})
    EXPECT_THAT(fields(replay(std::string(R"({"filter":{},"cap":)") + cap + "}")), ElementsAre("cap")) << cap;
  for (const char* ids : {"[1]", "[\"17\"]", "\"x\"", "{}"})
    EXPECT_THAT(fields(replay(std::string(R"({"filter":{"ids":)") + ids + "}}")), ElementsAre("filter.ids")) << ids;
  EXPECT_EQ(letters.asked, 0);
}

TEST_F(DeadLetterCallsTest, OneIsDiscardedAndThatIsLogged) {
  EXPECT_EQ(ask(&DeadLetterCalls::discard, {}, {kId}).problem().status, 404U);
  letters.changed = 1;
  EXPECT_EQ(parsed(ask(&DeadLetterCalls::discard, {}, {kId})), json::parse(R"({"discarded":1})"));
  EXPECT_EQ(letters.ids, std::vector{*Uuid::parse(kId)});
  EXPECT_EQ(metrics.value("penstock_ingest_dead_letters_discarded_total"), 1);
  EXPECT_EQ(log.count("ingest.dead_letter_discarded"), 1U);
}

TEST_F(DeadLetterCallsTest, UnreadableIdsAreRefusedAndUnknownOnesNotFound) {
  EXPECT_EQ(ask(&DeadLetterCalls::show, {}, {kId}).problem().status, 404U);
  for (const Call call : {&DeadLetterCalls::show, &DeadLetterCalls::replayOne, &DeadLetterCalls::discard})
    EXPECT_THAT(fields(ask(call, {}, {"17"})), ElementsAre("id"));
}

TEST_F(DeadLetterCallsTest, AQueueThatIsAwayIs503) {
  letters.on_ask = [] { throw QueueUnavailable("sqlite_queue is closing"); };
  for (const Call call : {&DeadLetterCalls::list, &DeadLetterCalls::causes, &DeadLetterCalls::show,
                          &DeadLetterCalls::replayOne, &DeadLetterCalls::discard}) {
    const Answered away = ask(call, {}, {kId});
    EXPECT_EQ(away.problem().status, 503U);
    EXPECT_EQ(away.problem().code, "queue_unavailable");
    EXPECT_TRUE(away.problem().retry_after);
  }
  EXPECT_EQ(replay(R"({"filter":{}})").problem().status, 503U);
}

}  // namespace penstock::test
