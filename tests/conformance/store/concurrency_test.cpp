#include <atomic>
#include <latch>
#include <set>
#include <thread>
#include <vector>

#include "conformance/store/suite.h"

namespace penstock::test {
namespace {

using ConcurrencyCase = StoreCase;

/// Runs `work(number)` on all threads at once and waits for them.
template <typename Work>
void together(int threads, Work work) {
  std::latch start(threads);
  std::vector<std::jthread> running;
  for (int number = 0; number < threads; ++number)
    running.emplace_back([&, number] {
      start.arrive_and_wait();
      work(number);
    });
}

TEST_F(ConcurrencyCase, TheSameProviderIdFromManyThreadsIsOneMessage) {
  std::atomic<int> inserted{0};
  together(8, [&](int) {
    for (int i = 0; i < 50; ++i)
      if (persist(inbound("the same")).verdict == PersistVerdict::Inserted) ++inserted;
  });
  EXPECT_EQ(inserted, 1);
  EXPECT_EQ(reader().messages(1, {})->total, 1u);
}

TEST_F(ConcurrencyCase, AHundredParallelMessagesOfAPairAreOneConversationOfAHundred) {
  together(10, [&](int) {
    for (int i = 0; i < 10; ++i) persist(outbound("parallel"));
  });
  const auto listing = reader().conversations({}, {});
  ASSERT_EQ(listing.total, 1u);
  EXPECT_EQ(listing.items.front().id, 1);
  EXPECT_EQ(listing.items.front().message_count, 100u);
  EXPECT_EQ(allMessages(1).size(), 100u);
}

TEST_F(ConcurrencyCase, TwoProcessesShareConversationsAndKeys) {
  const auto other = another();
  const std::vector<Event> events{outbound("1"), outbound("2"), outbound("3"), outbound("4")};
  std::atomic<int> inserted{0};
  together(4, [&](int number) {
    Store& mine = number % 2 == 0 ? store() : other->get<Store>();
    for (int round = 0; round < 10; ++round)
      for (const Event& event : events)
        if (mine.persist({&event, 1}).front().verdict == PersistVerdict::Inserted) ++inserted;
  });
  EXPECT_EQ(inserted, 4);
  EXPECT_EQ(other->get<Reader>().messages(1, {})->total, 4u);
}

TEST_F(ConcurrencyCase, AnAttemptIsGrantedToOneOfManyWorkers) {
  const auto other = another();
  const Event event = outbound();
  persist(event);
  std::atomic<int> granted{0};
  together(8, [&](int number) {
    Store& mine = number % 2 == 0 ? store() : other->get<Store>();
    Intent wish = intent(event, 1);
    wish.token = token(static_cast<std::uint64_t>(number));
    for (int round = 0; round < 10; ++round)
      if (mine.begin({&wish, 1}).front().granted) ++granted;
  });
  EXPECT_EQ(granted, 1);
  EXPECT_EQ(statusOf(event), MessageStatus::Sending);
}

TEST_F(ConcurrencyCase, ReadersSeeWholeSpansAndCountersThatAgreeWhileOthersWrite) {
  std::atomic<bool> writing{true};
  std::atomic<int> torn{0};
  persist(outbound("first"));
  together(4, [&](int number) {
    if (number < 2) {
      for (int round = 0; round < 20; ++round) store().persist(std::vector<Event>{outbound("a"), outbound("b")});
      if (number == 0) writing = false;
      return;
    }
    while (writing) {
      const auto listing = reader().messages(1, {1, 50});
      if (listing->total % 2 != 1 || listing->items.size() != std::min<std::uint64_t>(listing->total, 50)) ++torn;
      reader().sent({});
      control().take("bucket", 1, 1);
    }
  });
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(reader().messages(1, {})->total, 81u);
}

TEST_F(ConcurrencyCase, AReaderSeesEveryCommittedWriteAtOnce) {
  const auto other = another();
  for (int i = 0; i < 20; ++i) {
    const Event event = outbound("now");
    persist(event);
    EXPECT_TRUE(reader().message(event.id));
    EXPECT_TRUE(other->get<Reader>().message(event.id));
  }
}

}  // namespace
}  // namespace penstock::test
