#include <atomic>
#include <cmath>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "conformance/store/suite.h"

namespace penstock::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// What a watch has been told; a test waits for the value it expects.
class Seen {
public:
  void add(const std::string& value) {
    {
      std::lock_guard guard(mutex_);
      values_.push_back(value);
    }
    arrived_.notify_all();
  }
  void await(const std::string& value) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return !values_.empty() && values_.back() == value; });
  }
  std::size_t count() const {
    std::lock_guard guard(mutex_);
    return values_.size();
  }

private:
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<std::string> values_;
};

using ControlCase = StoreCase;

TEST_F(ControlCase, AValueIsWhatWasSetLastInAnyProcess) {
  const auto other = another();
  EXPECT_FALSE(control().get("scheduler"));
  control().set("scheduler", "running");
  EXPECT_EQ(other->get<Control>().get("scheduler"), "running");
  other->get<Control>().set("scheduler", "stopped");
  EXPECT_EQ(control().get("scheduler"), "stopped");
}

TEST_F(ControlCase, AValueSurvivesARestart) {
  control().set("scheduler", "stopped");
  plugin().restart();
  EXPECT_EQ(control().get("scheduler"), "stopped");
}

TEST_F(ControlCase, ValuesComeBackByteForByteUpToTheirBound) {
  std::string value(64 * 1024, 'x');
  value[0] = '\0';
  value[1] = '\xff';
  control().set("big", value);
  EXPECT_EQ(control().get("big"), value);
  control().set("empty", "");
  EXPECT_EQ(control().get("empty"), "");
  EXPECT_THROW(control().set("big", value + "y"), StoreRejected);
  EXPECT_EQ(control().get("big"), value);
}

TEST_F(ControlCase, NamesHaveOneToAHundredAndTwentyEightCharacters) {
  std::string name;
  for (int i = 0; i < 128; ++i) name += "\u00e9";
  control().set(name, "v");
  EXPECT_EQ(control().get(name), "v");
  EXPECT_THROW(control().set(name + "x", "v"), StoreRejected);
  EXPECT_THROW(control().set("", "v"), StoreRejected);
}

TEST_F(ControlCase, AWatchIsToldThePresentValueAndEveryChange) {
  control().set("name", "one");
  Seen seen;
  const auto watch = control().watch("name", [&](const std::string& value) { seen.add(value); });
  seen.await("one");
  control().set("name", "two");
  seen.await("two");
}

TEST_F(ControlCase, AWatchOnAValueThatIsNotThereWaitsForIt) {
  Seen seen;
  const auto watch = control().watch("name", [&](const std::string& value) { seen.add(value); });
  control().set("other", "x");
  control().set("name", "first");
  seen.await("first");
  EXPECT_EQ(seen.count(), 1u);
}

TEST_F(ControlCase, AChangeInAnotherProcessIsSeenWithinTwoSeconds) {
  const auto other = another();
  Seen seen;
  const auto watch = control().watch("name", [&](const std::string& value) { seen.add(value); });
  other->get<Control>().set("name", "elsewhere");
  clock().advance(seconds(2));
  seen.await("elsewhere");
}

TEST_F(ControlCase, AnEndedWatchIsSilent) {
  Seen ended;
  Seen seen;
  auto first = control().watch("name", [&](const std::string& value) { ended.add(value); });
  const auto second = control().watch("name", [&](const std::string& value) { seen.add(value); });
  control().set("name", "one");
  seen.await("one");
  first.reset();
  const std::size_t before = ended.count();
  control().set("name", "two");
  seen.await("two");
  EXPECT_EQ(ended.count(), before);
}

TEST_F(ControlCase, EndingAWatchWaitsForItsRunningCallback) {
  std::mutex mutex;
  std::condition_variable changed;
  bool entered = false;
  bool leave = false;
  std::atomic<bool> left{false};
  auto watch = control().watch("name", [&](const std::string&) {
    std::unique_lock lock(mutex);
    entered = true;
    changed.notify_all();
    changed.wait(lock, [&] { return leave; });
    left = true;
  });
  control().set("name", "one");
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return entered; });
  }
  std::jthread ender([&] {
    watch.reset();
    EXPECT_TRUE(left);
  });
  {
    std::lock_guard guard(mutex);
    leave = true;
  }
  changed.notify_all();
}

TEST_F(ControlCase, AWatchMayEndItselfFromItsCallback) {
  Seen seen;
  std::unique_ptr<Watch> watch;
  std::mutex mutex;
  std::unique_lock lock(mutex);
  watch = control().watch("name", [&](const std::string& value) {
    {
      std::lock_guard guard(mutex);
      watch.reset();
    }
    seen.add(value);
  });
  lock.unlock();
  control().set("name", "one");
  seen.await("one");
  control().set("name", "two");
  Seen other;
  const auto second = control().watch("name", [&](const std::string& value) { other.add(value); });
  other.await("two");
  EXPECT_EQ(seen.count(), 1u);
}

TEST_F(ControlCase, ACallbackThatThrowsDisturbsNoOther) {
  Seen seen;
  const auto bad = control().watch("name", [](const std::string&) { throw std::runtime_error("no"); });
  const auto good = control().watch("name", [&](const std::string& value) { seen.add(value); });
  control().set("name", "one");
  seen.await("one");
  control().set("name", "two");
  seen.await("two");
}

TEST_F(ControlCase, AWatchMayOutliveTheStore) {
  const auto watch = control().watch("name", [](const std::string&) {});
  plugin().stop();
}

TEST_F(ControlCase, ABucketIsFullAtFirstAndFillsWithItsRate) {
  EXPECT_DOUBLE_EQ(control().take("b", 10, 10), 10);
  EXPECT_DOUBLE_EQ(control().take("b", 10, 10), 0);
  clock().advance(milliseconds(500));
  EXPECT_DOUBLE_EQ(control().take("b", 2, 10), 2);
  EXPECT_DOUBLE_EQ(control().take("b", 10, 10), 3);
  clock().advance(seconds(100));
  EXPECT_DOUBLE_EQ(control().take("b", 4, 10), 4);
  EXPECT_DOUBLE_EQ(control().take("b", 10, 10), 6);
}

TEST_F(ControlCase, ABucketHoldsWhatIsAskedWhenThatIsMoreThanASecondsWorth) {
  EXPECT_DOUBLE_EQ(control().take("b", 5, 0.5), 5);
  clock().advance(seconds(4));
  EXPECT_DOUBLE_EQ(control().take("b", 5, 0.5), 2);
  clock().advance(seconds(1000));
  EXPECT_DOUBLE_EQ(control().take("b", 5, 0.5), 5);
}

TEST_F(ControlCase, ProcessesShareABucketAndNeverTakeMoreThanIsThere) {
  const auto other = another();
  std::atomic<int> taken{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i)
      threads.emplace_back([&, i] {
        Control& mine = i % 2 == 0 ? control() : other->get<Control>();
        for (int round = 0; round < 10; ++round) taken += static_cast<int>(mine.take("b", 1, 40));
      });
  }
  EXPECT_EQ(taken, 40);
}

TEST_F(ControlCase, BucketsOfOtherNamesAreTheirOwnAndSurviveARestart) {
  control().take("a", 10, 10);
  EXPECT_DOUBLE_EQ(control().take("b", 10, 10), 10);
  plugin().restart();
  EXPECT_DOUBLE_EQ(control().take("a", 10, 10), 0);
}

TEST_F(ControlCase, AClockSetBackNeitherFillsNorFreezesABucket) {
  control().take("b", 10, 10);
  clock().setWall(clock().wall() - std::chrono::hours(1));
  EXPECT_DOUBLE_EQ(control().take("b", 10, 10), 0);
  clock().advance(seconds(1));
  EXPECT_DOUBLE_EQ(control().take("b", 10, 10), 10);
}

TEST_F(ControlCase, NonsenseTakesNothing) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_DOUBLE_EQ(control().take("b", 0, 10), 0);
  EXPECT_DOUBLE_EQ(control().take("b", -1, 10), 0);
  EXPECT_DOUBLE_EQ(control().take("b", nan, 10), 0);
  EXPECT_DOUBLE_EQ(control().take("b", 3, nan), 3);
  EXPECT_DOUBLE_EQ(control().take("b", 3, -1), 0);
  EXPECT_THROW(control().take("", 1, 1), StoreRejected);
}

}  // namespace
}  // namespace penstock::test
