#include "app/status_line.h"

#include <gtest/gtest.h>

#include <vector>

namespace penstock::test {
namespace {

const std::string kPlace = "127.0.0.1:8080";
const std::vector<PluginHealth> kWell{{"worker", {}}, {"pg-store", {}}};
const std::vector<PluginHealth> kHurt{{"worker", {HealthState::Degraded, "it is slow"}},
                                      {"metrics", {}},
                                      {"pg-store", {HealthState::Down, "the database cannot be used"}}};

TEST(StatusLine, SaysWhereAReadyServiceIs) {
  EXPECT_EQ(statusLine(HealthState::Ready, kWell, kPlace, {}), "ready on 127.0.0.1:8080");
}

TEST(StatusLine, NamesWhatHurts) {
  EXPECT_EQ(statusLine(HealthState::Degraded, kHurt, kPlace, {}),
            "degraded: worker: it is slow; pg-store: the database cannot be used");
  EXPECT_EQ(statusLine(HealthState::Down, kHurt, kPlace, {}),
            "not ready: worker: it is slow; pg-store: the database cannot be used");
}

TEST(StatusLine, ShowsWhatAReloadLeftToDo) {
  EXPECT_EQ(statusLine(HealthState::Ready, kWell, kPlace, {false, "worker.concurrency, http.threads"}),
            "restart required for worker.concurrency, http.threads; ready on 127.0.0.1:8080");
  EXPECT_EQ(statusLine(HealthState::Ready, kWell, kPlace, {true, {}}),
            "the last reload was refused, see the log; ready on 127.0.0.1:8080");
}

}  // namespace
}  // namespace penstock::test
