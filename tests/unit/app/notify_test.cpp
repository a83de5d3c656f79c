#include "app/notify.h"

#include "support/manual_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::StartsWith;

/// What the service manager hears.
struct Heard {
  ManualClock clock;
  std::vector<std::string> sent;
  Notify notify = with(30s);

  Notify with(Duration watchdog) {
    return {[this](const std::string& lines) { sent.push_back(lines); }, watchdog, clock};
  }
};

TEST(Notify, TellsTheLifeOfTheService) {
  Heard heard;
  heard.notify.ready("ready on 127.0.0.1:8080");
  heard.notify.reloading();
  heard.notify.ready("ready on 127.0.0.1:8080");
  heard.notify.stopping(45s);
  const auto now = std::chrono::floor<std::chrono::microseconds>(heard.clock.now().time_since_epoch()).count();
  EXPECT_THAT(heard.sent, ElementsAre("READY=1\nSTATUS=ready on 127.0.0.1:8080",
                                      "RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now) + "\nSTATUS=reloading",
                                      "READY=1\nSTATUS=ready on 127.0.0.1:8080",
                                      StartsWith("STOPPING=1\nEXTEND_TIMEOUT_USEC=45000000\nSTATUS=draining")));
}

TEST(Notify, AStartAsksForTimeForAnHour) {
  Heard heard;
  heard.notify.starting();
  heard.clock.advance(59min);
  heard.notify.starting();
  heard.clock.advance(1min);
  heard.notify.starting();
  EXPECT_THAT(heard.sent, ElementsAre("EXTEND_TIMEOUT_USEC=30000000", "EXTEND_TIMEOUT_USEC=30000000"));
}

TEST(Notify, SendsTheStatusWhenItChanges) {
  Heard heard;
  heard.notify.ready("ready");
  heard.notify.status("ready");
  heard.notify.status("degraded: redis-cache: away");
  heard.notify.status("degraded: redis-cache: away");
  heard.notify.status("ready");
  EXPECT_THAT(heard.sent, ElementsAre("READY=1\nSTATUS=ready", "STATUS=degraded: redis-cache: away", "STATUS=ready"));
}

TEST(Notify, AStatusStaysOneLineOfPlainText) {
  Heard heard;
  heard.notify.status("a server said\nMAINPID=1\r\x1b[31m \xff");
  heard.notify.status(std::string(5000, 'x'));
  EXPECT_THAT(heard.sent,
              ElementsAre("STATUS=a server said?MAINPID=1??[31m ?", "STATUS=" + std::string(400, 'x') + "..."));
}

TEST(Notify, FeedsTheWatchdogWhileTheLoopsAdvance) {
  Heard heard;
  EXPECT_FALSE(heard.notify.feed({}));
  heard.clock.advance(15s);
  EXPECT_FALSE(heard.notify.feed({}));
  heard.clock.advance(15s);
  EXPECT_TRUE(heard.notify.feed({"worker-0"}));
  EXPECT_FALSE(heard.notify.feed({"worker-0"}));
  EXPECT_THAT(heard.sent, ElementsAre("WATCHDOG=1"));
}

TEST(Notify, LooksOftenEnoughForTheWatchdog) {
  Heard heard;
  EXPECT_EQ(heard.notify.period(), 1s);
  EXPECT_EQ(heard.with(2s).period(), 500ms);
  EXPECT_EQ(heard.with(1us).period(), 1ms);
  EXPECT_EQ(heard.with(Duration::zero()).period(), 1s);
}

TEST(Notify, WithoutAManagerDoesNothing) {
  ManualClock clock;
  Notify notify({}, 30s, clock);
  notify.ready("ready");
  notify.status("other");
  clock.advance(1h);
  EXPECT_FALSE(notify.feed({"worker-0"}));
  EXPECT_EQ(notify.period(), std::nullopt);
}

}  // namespace
}  // namespace penstock::test
