#include "fake_reader.h"

#include "http-ingest/sent_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

/// A cache that answers what the test put in.
class FakeCache final : public Cache {
public:
  std::optional<std::vector<SentNote>> notes = std::vector<SentNote>{};
  int asked = 0;

  void note(SentNote note) noexcept override { notes->push_back(std::move(note)); }
  std::optional<std::vector<SentNote>> newest(Page page) noexcept override {
    ++asked;
    if (!notes) return notes;
    return std::vector<SentNote>(
        notes->begin(), notes->begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(notes->size(), page.size)));
  }
};

class SentPageTest : public testing::Test {
protected:
  static Uuid id(std::uint8_t number) {
    Uuid made;
    made.bytes[15] = number;
    return made;
  }
  static WallTime at(int milliseconds) { return WallTime(1772366400000ms + std::chrono::milliseconds(milliseconds)); }

  void stored(std::uint8_t number, int time) {
    reader.sent_listing.items.push_back({id(number), at(time)});
    ++reader.sent_listing.total;
  }
  void noted(std::uint8_t number, int time, MessageStatus status = MessageStatus::Sending) {
    cache.notes->push_back({id(number), "theirs", at(time)});
    MessageDetail& detail = reader.details[id(number)];
    detail.message.id = id(number);
    detail.message.status = status;
  }
  std::vector<int> listed(Page page = {1, 3}) {
    listing = sentPage(reader, &cache, page);
    std::vector<int> numbers;
    for (const SentView& item : listing.items) numbers.push_back(item.message_id.bytes[15]);
    return numbers;
  }

  FakeReader reader;
  FakeCache cache;
  Listing<SentView> listing;
};

TEST_F(SentPageTest, IsTheStoresWithoutACache) {
  stored(1, 10);
  const auto answer = sentPage(reader, nullptr, {1, 3});
  EXPECT_EQ(answer.items.size(), 1U);
  EXPECT_EQ(answer.total, 1U);
}

TEST_F(SentPageTest, FillsInWhatWasSentButIsNotRecordedYetWhereItBelongs) {
  stored(1, 30);
  stored(2, 10);
  noted(3, 20);
  EXPECT_THAT(listed(), ElementsAre(1, 3, 2));
  EXPECT_EQ(listing.total, 3U);
  EXPECT_EQ(listing.items[1].sent_at, at(20));
}

TEST_F(SentPageTest, TheGreaterIdComesFirstAmongEqualTimes) {
  stored(2, 10);
  noted(1, 10, MessageStatus::Unknown);
  noted(3, 10);
  EXPECT_THAT(listed(), ElementsAre(3, 2, 1));
}

TEST_F(SentPageTest, NothingIsShownTwice) {
  stored(1, 30);
  noted(1, 30, MessageStatus::Sent);
  EXPECT_THAT(listed(), ElementsAre(1));
  EXPECT_EQ(listing.total, 1U);
  EXPECT_EQ(reader.lookups, 0);
}

TEST_F(SentPageTest, WhatWasRecordedBetweenTheTwoLooksIsShown) {
  noted(1, 30, MessageStatus::Sent);
  noted(2, 20, MessageStatus::Delivered);
  noted(3, 10, MessageStatus::Read);
  EXPECT_THAT(listed(), ElementsAre(1, 2, 3));
}

TEST_F(SentPageTest, ANoteThatTheStoreDoesNotBearOutIsNotShown) {
  noted(1, 30, MessageStatus::Failed);
  noted(2, 20, MessageStatus::Dead);
  noted(3, 10, MessageStatus::Accepted);
  EXPECT_THAT(listed(), IsEmpty());
  cache.notes->front().message_id = id(9);  // unknown to the store
  EXPECT_THAT(listed(), IsEmpty());
  noted(4, 10);
  reader.details[id(4)].message.id = id(5);  // an alias
  EXPECT_THAT(listed({1, 5}), IsEmpty());
  noted(6, 10);
  reader.details[id(6)].message.kind = Kind::InboundMessage;
  EXPECT_THAT(listed({1, 6}), IsEmpty());
  EXPECT_EQ(listing.total, 0U);
}

TEST_F(SentPageTest, WhatTheStoreHasIsNeverPushedOut) {
  stored(1, 30);
  stored(2, 20);
  noted(3, 50);
  noted(4, 40);
  EXPECT_THAT(listed(), ElementsAre(3, 1, 2));
  EXPECT_EQ(listing.total, 3U);
  stored(5, 10);
  EXPECT_THAT(listed(), ElementsAre(1, 2, 5));
  EXPECT_EQ(listing.total, 3U);
}

TEST_F(SentPageTest, FullAndLaterPagesDoNotAskTheCache) {
  stored(1, 30);
  noted(2, 20);
  EXPECT_THAT(listed({1, 1}), ElementsAre(1));
  EXPECT_THAT(listed({2, 3}), ElementsAre(1));
  EXPECT_EQ(cache.asked, 0);
}

TEST_F(SentPageTest, ACacheThatDoesNotKnowChangesNothing) {
  stored(1, 30);
  cache.notes.reset();
  EXPECT_THAT(listed(), ElementsAre(1));
  EXPECT_EQ(cache.asked, 1);
}

TEST_F(SentPageTest, NotesOfAnotherStoreCostFewLookups) {
  for (std::uint8_t i = 1; i <= 50; ++i) cache.notes->push_back({id(i), {}, at(i)});
  EXPECT_THAT(listed({1, 50}), IsEmpty());
  EXPECT_EQ(reader.lookups, 10);
}

TEST_F(SentPageTest, AStoreThatGoesInBetweenTakesNothingFromItsAnswer) {
  stored(1, 30);
  noted(2, 20);
  int calls = 0;
  reader.on_ask = [&] {
    if (++calls > 1) throw StoreUnavailable("away");
  };
  EXPECT_THAT(listed(), ElementsAre(1));
  EXPECT_EQ(listing.total, 1U);
}

}  // namespace
}  // namespace penstock::test
