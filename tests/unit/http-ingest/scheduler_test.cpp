#include "answered.h"

#include "http-ingest/scheduler_calls.h"

#include "penstock/store.h"
#include "support/captured_log.h"
#include "support/fake_control.h"
#include "support/manual_clock.h"
#include "support/recorded_metrics.h"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace penstock::test {

namespace json = boost::json;

class SchedulerCallsTest : public testing::Test {
protected:
  using Call = void (SchedulerCalls::*)(HttpRequest&, Responder);

  Answered ask(Call call) {
    HttpRequest request;
    request.request_id = "asked";
    Answered answered;
    (calls.*call)(request, answered.responder());
    answered.status();
    return answered;
  }
  json::value shown(Call call = &SchedulerCalls::show) { return json::parse(ask(call).response().body); }
  void announce(bool autostart) {
    control.set(schedule::kSettingsName, schedule::toText(schedule::Settings{"2m", 7, autostart}));
  }
  schedule::State stored() { return schedule::readState(control.get(schedule::kStateName).value()); }

  ManualClock clock;
  RecordedMetrics metrics;
  CapturedLog log{"http-ingest"};
  IngestMetrics ingest_metrics{metrics};
  ReaderPool pool{1, 16, clock, log.log(), ingest_metrics};
  FakeControl control;
  SchedulerCalls calls{control, pool, log.log()};
};

TEST_F(SchedulerCallsTest, BeforeAWorkerSaidHowItIsPacedNothingIsMadeUp) {
  EXPECT_EQ(shown(), json::parse(R"({"running":true,"interval":null,"batch":null})"));
  EXPECT_EQ(shown(&SchedulerCalls::stop), json::parse(R"({"running":false,"interval":null,"batch":null})"));
}

TEST_F(SchedulerCallsTest, ShowsAWorkersPaceAndWhetherItStartsByItself) {
  announce(true);
  EXPECT_EQ(shown(), json::parse(R"({"running":true,"interval":"2m","batch":7})"));
  announce(false);
  EXPECT_EQ(shown(), json::parse(R"({"running":false,"interval":"2m","batch":7})"));
}

TEST_F(SchedulerCallsTest, WhatWasSaidBeatsAutostart) {
  announce(true);
  EXPECT_EQ(shown(&SchedulerCalls::stop).at("running"), false);
  EXPECT_EQ(shown().at("running"), false);
  announce(false);
  EXPECT_EQ(shown(&SchedulerCalls::start).at("running"), true);
  EXPECT_EQ(shown().at("running"), true);
}

TEST_F(SchedulerCallsTest, AStartIsKeptAlsoWhenItChangesNothing) {
  announce(true);
  shown(&SchedulerCalls::start);
  announce(false);
  EXPECT_EQ(shown().at("running"), true);
  EXPECT_EQ(log.count("ingest.scheduler_started"), 0U);
}

TEST_F(SchedulerCallsTest, OnlyAStartFromStoppedOpensAnInterval) {
  shown(&SchedulerCalls::start);
  EXPECT_EQ(stored(), (schedule::State{true, 0}));
  shown(&SchedulerCalls::stop);
  shown(&SchedulerCalls::stop);
  shown(&SchedulerCalls::start);
  const std::size_t sets = control.sets();
  shown(&SchedulerCalls::start);
  EXPECT_EQ(control.sets(), sets);
  EXPECT_EQ(stored(), (schedule::State{true, 1}));
  EXPECT_EQ(log.count("ingest.scheduler_stopped"), 1U);
  EXPECT_EQ(log.count("ingest.scheduler_started"), 1U);
}

TEST_F(SchedulerCallsTest, TheNumbersOfStartsAreFinite) {
  for (std::uint32_t i = 0; i < schedule::kStarts; ++i) {
    shown(&SchedulerCalls::stop);
    shown(&SchedulerCalls::start);
  }
  EXPECT_EQ(stored(), (schedule::State{true, 0}));
}

TEST_F(SchedulerCallsTest, WhatCannotBeReadIsStoppedUntilSomebodyStarts) {
  for (const char* text :
       {"", "{", "[]", R"({"running":"yes"})", R"({"starts":-1})", R"({"running":false,"starts":1e99})"}) {
    control.set(schedule::kStateName, text);
    EXPECT_EQ(shown().at("running"), false) << text;
    EXPECT_EQ(shown(&SchedulerCalls::start).at("running"), true) << text;
  }
  for (const char* text :
       {"", "7", R"({"interval":2,"batch":2,"autostart":true})", R"({"interval":"2m","batch":-2,"autostart":true})"}) {
    control.set(schedule::kSettingsName, text);
    EXPECT_EQ(shown().at("interval"), nullptr) << text;
  }
}

TEST_F(SchedulerCallsTest, AStoreThatIsAwayIs503) {
  control.on_call = [] { throw StoreUnavailable("the disk is full"); };
  for (const Call call : {&SchedulerCalls::show, &SchedulerCalls::start, &SchedulerCalls::stop}) {
    const Answered away = ask(call);
    EXPECT_EQ(away.problem().status, 503U);
    EXPECT_EQ(away.problem().code, "store_unavailable");
    EXPECT_TRUE(away.problem().retry_after);
  }
}

TEST(DurationText, IsAsTheConfigurationWritesIt) {
  using namespace std::chrono_literals;
  EXPECT_EQ(schedule::durationText(0s), "0s");
  EXPECT_EQ(schedule::durationText(120s), "2m");
  EXPECT_EQ(schedule::durationText(90s), "90s");
  EXPECT_EQ(schedule::durationText(1500ms), "1500ms");
  EXPECT_EQ(schedule::durationText(Duration(1)), "1us");
  EXPECT_EQ(schedule::durationText(168h), "7d");
}

}  // namespace penstock::test
