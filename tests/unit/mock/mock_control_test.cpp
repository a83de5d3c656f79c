#include "shared/mock/mock_control.h"

#include "support/captured_log.h"
#include "support/fake_providers.h"
#include "support/silent_control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace penstock::test {

class MockControlTest : public testing::Test {
protected:
  MockControlTest() {
    providers.told["mock"] = kConfigured.members();
    providers.told["mock"]["retry_after"] = 1.0;
  }
  void store(const std::string& text) { control.set(MockControl::kName, text); }
  void put(const MockChange& change) {
    std::vector<Fault> faults;
    mock->put(change, faults);
    EXPECT_TRUE(faults.empty());
  }

  static constexpr MockSettings kConfigured{1, 2, 3, 4};
  static constexpr MockSettings kOther{0, 100, 0, 7};
  SilentControl control;
  FakeProviders providers;
  CapturedLog log{"worker"};
  std::optional<MockControl> mock{std::in_place, control, providers, log.log()};
};

TEST_F(MockControlTest, WithoutAnythingStoredTheConfigurationHolds) {
  mock->ensure();
  mock->refresh();
  control.tell();
  EXPECT_EQ(mock->inForce(), kConfigured);
}

TEST_F(MockControlTest, WhatIsStoredHoldsOnceItIsKnown) {
  store(kOther.text());
  EXPECT_EQ(mock->inForce(), kConfigured);
  mock->ensure();
  EXPECT_EQ(mock->inForce(), kOther);
}

TEST_F(MockControlTest, WhatOthersStoreHoldsWhenItIsToldOf) {
  mock->ensure();
  store(kOther.text());
  mock->ensure();
  EXPECT_EQ(mock->inForce(), kConfigured) << "it was known already";
  control.tell();
  EXPECT_EQ(mock->inForce(), kOther);
}

TEST_F(MockControlTest, ARefreshSeesWhatWasStoredAMomentAgo) {
  mock->ensure();
  store(kOther.text());
  mock->refresh();
  EXPECT_EQ(mock->inForce(), kOther);
}

TEST_F(MockControlTest, NothingIsKnownWhileTheStoreIsAway) {
  store(kOther.text());
  control.on_ask = [] { throw StoreUnavailable("the disk is full"); };
  EXPECT_THROW(mock->ensure(), StoreUnavailable);
  EXPECT_THROW(mock->ensure(), StoreUnavailable);
  EXPECT_THROW(mock->refresh(), StoreUnavailable);
  control.on_ask = [] {};
  mock->ensure();
  EXPECT_EQ(mock->inForce(), kOther);
}

TEST_F(MockControlTest, AChangeIsStoredAndHolds) {
  store(kOther.text());
  MockChange change;
  change.error_pct = 30;
  put(change);
  const MockSettings expected{0, 30, 0, 7};
  EXPECT_EQ(mock->inForce(), expected) << "what is stored counts, not what was configured";
  EXPECT_EQ(control.get(MockControl::kName), expected.text());
}

TEST_F(MockControlTest, AChangeThatBreaksARuleChangesNothing) {
  store(MockSettings{50, 0, 0, 1}.text());
  MockChange change;
  change.error_pct = 51;
  std::vector<Fault> faults;
  mock->put(change, faults);
  EXPECT_EQ(faults.size(), 1U);
  EXPECT_EQ(control.get(MockControl::kName), (MockSettings{50, 0, 0, 1}.text()));
}

TEST_F(MockControlTest, AChangeThatCannotBeStoredDoesNotHold) {
  int asked = 0;
  control.on_ask = [&] {
    if (++asked == 2) throw StoreUnavailable("gone");
  };
  MockChange change;
  change.error_pct = 30;
  std::vector<Fault> faults;
  EXPECT_THROW(mock->put(change, faults), StoreUnavailable);
  EXPECT_EQ(mock->inForce(), kConfigured);
}

TEST_F(MockControlTest, WhatCannotBeReadIsIgnoredAndLoggedOnce) {
  store(kOther.text());
  mock->ensure();
  const std::string hostile = R"({"error_pct":1e99,"secret":"+15550001111"})";
  store(hostile);
  control.tell();
  control.tell();
  mock->refresh();
  EXPECT_EQ(mock->inForce(), kOther);
  ASSERT_EQ(log.count("mock.settings_unreadable"), 1U);
  EXPECT_THAT(log.lines().front().getText(), testing::Not(testing::HasSubstr("1555")));
  store("{");
  mock->refresh();
  EXPECT_EQ(log.count("mock.settings_unreadable"), 2U);
}

TEST_F(MockControlTest, WhatCannotBeReadHoldsUpNobody) {
  store("hostile");
  mock->ensure();
  EXPECT_EQ(mock->inForce(), kConfigured);
}

TEST_F(MockControlTest, WithoutAMockNothingIsInForceAndNothingIsStored) {
  providers.told.clear();
  EXPECT_EQ(mock->inForce(), std::nullopt);
  std::vector<Fault> faults;
  mock->put({}, faults);
  EXPECT_EQ(control.get(MockControl::kName), std::nullopt);
}

TEST_F(MockControlTest, AfterAStopItHearsOfNothing) {
  EXPECT_EQ(control.watches(), 1U);
  mock->stop();
  EXPECT_EQ(control.watches(), 0U);
}

}  // namespace penstock::test
