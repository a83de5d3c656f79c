#include "answered.h"

#include "http-ingest/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::test {

struct SetBoard final : HealthBoard {
  HealthState state = HealthState::Ready;
  std::vector<PluginHealth> plugins;
  std::vector<std::string> loops;

  HealthState ready(std::vector<PluginHealth>* details) override {
    *details = plugins;
    return state;
  }
  std::vector<std::string> stalled() override { return loops; }
  std::unique_ptr<Heartbeat> heartbeat(std::string, Duration) override { return nullptr; }
};

TEST(Health, ReadyIsOk) {
  SetBoard board;
  board.plugins = {{"worker", {}}};
  Answered answer;
  answerReady(board, answer.responder());
  EXPECT_EQ(answer.status(), 200U);
  EXPECT_EQ(answer.response().body, R"({"status":"ok"})");
}

TEST(Health, DegradedIsReadyAndSaysWhatHurts) {
  SetBoard board;
  board.state = HealthState::Degraded;
  board.plugins = {{"memory-queue", {}}, {"worker", {HealthState::Degraded, "the \"store\" is away"}}};
  Answered answer;
  answerReady(board, answer.responder());
  EXPECT_EQ(answer.status(), 200U);
  EXPECT_EQ(answer.response().body,
            R"({"status":"degraded","details":[{"plugin":"worker","reason":"the \"store\" is away"}]})");
}

TEST(Health, DownNamesWhatIsMissing) {
  SetBoard board;
  board.state = HealthState::Down;
  board.plugins = {{"sqlite-store", {HealthState::Down, "the disk is full"}}, {"worker", {HealthState::Degraded, "x"}}};
  Answered answer;
  answerReady(board, answer.responder());
  EXPECT_EQ(answer.problem().status, 503U);
  EXPECT_EQ(answer.problem().errors, (std::vector<Fault>{{"sqlite-store", "the disk is full"}}));
  EXPECT_EQ(answer.problem().detail, "The service cannot accept requests: sqlite-store: the disk is full.");
  EXPECT_TRUE(answer.problem().retry_after);
}

TEST(Health, DrainingIsNotReady) {
  SetBoard board;
  board.state = HealthState::Down;
  Answered answer;
  answerReady(board, answer.responder());
  EXPECT_EQ(answer.problem().status, 503U);
  EXPECT_EQ(answer.problem().detail, "The service is draining.");
}

TEST(Health, AliveWhileTheLoopsAdvance) {
  SetBoard board;
  board.state = HealthState::Down;
  Answered answer;
  answerLive(board, answer.responder());
  EXPECT_EQ(answer.status(), 200U);
}

TEST(Health, NotAliveNamesTheLoops) {
  SetBoard board;
  board.loops = {"worker-3"};
  Answered answer;
  answerLive(board, answer.responder());
  EXPECT_EQ(answer.problem().status, 503U);
  EXPECT_EQ(answer.problem().errors.at(0).field, "worker-3");
}

}  // namespace penstock::test
