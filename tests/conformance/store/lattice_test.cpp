#include <array>
#include <map>
#include <random>

#include "conformance/store/suite.h"

namespace penstock::test {
namespace {

/// How far a message has come. Waiting for the next attempt and being sent again are no step back; only outcomes and
/// grants, which know what was sent, make them.
int rank(MessageStatus status) {
  switch (status) {
    case MessageStatus::Accepted:
      return 0;
    case MessageStatus::Sending:
      return 1;
    case MessageStatus::Unknown:
      return 2;
    case MessageStatus::Sent:
      return 3;
    case MessageStatus::Delivered:
      return 4;
    case MessageStatus::Read:
      return 5;
    default:
      return 6;
  }
}

class LatticeCase : public StoreCase, public testing::WithParamInterface<unsigned> {
protected:
  std::uint32_t anyAttempt() { return 1 + static_cast<std::uint32_t>(random() % 4); }

  void step(const Event& event) {
    const MessageStatus before = statusOf(event);
    switch (random() % 3) {
      case 0: {
        static constexpr std::array<std::string_view, 6> kWords{"sent", "delivered", "read", "failed", "accepted", "x"};
        persist(report(providerId(event), kWords[random() % kWords.size()]));
        EXPECT_GE(rank(statusOf(event)), rank(before));
        break;
      }
      case 1: {
        const auto outcome = static_cast<AttemptOutcome>(random() % 3);
        Attempt end = attempt(event, anyAttempt(), outcome);
        end.end = static_cast<AttemptEnd>(random() % 4 == 0 ? 1 + random() % 2 : 0);
        record(end);
        const MessageStatus after = statusOf(event);
        const bool waits_again =
            outcome == AttemptOutcome::NotSent && before == MessageStatus::Sending && after == MessageStatus::Accepted;
        EXPECT_TRUE(waits_again || rank(after) >= rank(before));
        break;
      }
      default: {
        const Intent wish = intent(event, anyAttempt(), random() % 2 == 0);
        const BeginResult result = begin(wish);
        if (result.granted) {
          EXPECT_LE(rank(before), wish.resend ? rank(MessageStatus::Unknown) : rank(MessageStatus::Accepted));
          const int times = ++grants[std::pair(event.id, wish.attempt)];
          EXPECT_EQ(times, 1);
          EXPECT_EQ(statusOf(event), MessageStatus::Sending);
        } else {
          EXPECT_EQ(result.status, before);
          EXPECT_EQ(statusOf(event), before);
        }
      }
    }
    if (rank(before) >= rank(MessageStatus::Sent)) {
      EXPECT_GE(rank(statusOf(event)), rank(before));
    }
  }

  std::mt19937 random{GetParam()};
  std::map<std::pair<Uuid, std::uint32_t>, int> grants;
};

TEST_P(LatticeCase, NoOrderOfGrantsOutcomesAndReportsMovesAMessageBack) {
  for (int message = 0; message < 4; ++message) {
    const Event event = outbound();
    persist(event);
    for (int i = 0; i < 40; ++i) step(event);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, LatticeCase, testing::Range(0u, 10u));

}  // namespace
}  // namespace penstock::test
