#include <array>
#include <map>
#include <random>
#include <set>
#include <string>

#include "conformance/store/suite.h"

namespace penstock::test {
namespace {

/// How far a message has come on the way that only goes forward.
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
      return -1;
  }
}

/// Only a person's replay leads out of it.
bool ended(MessageStatus status) { return status == MessageStatus::Failed || status == MessageStatus::Dead; }
bool underWay(MessageStatus status) { return rank(status) >= 0 && rank(status) < rank(MessageStatus::Sent); }
bool mayHaveBeenSent(MessageStatus status) {
  return status == MessageStatus::Sending || status == MessageStatus::Unknown;
}

/// What a delivery report may do.
bool reported(MessageStatus before, MessageStatus after) {
  if (after == before) return true;
  if (after == MessageStatus::Failed) return underWay(before) || before == MessageStatus::Sent;
  return rank(before) >= 0 && rank(after) >= rank(MessageStatus::Sent) && rank(after) > rank(before);
}

/// What the end of an attempt may do; a send may meet reports that waited for it.
bool concluded(AttemptOutcome outcome, MessageStatus before, MessageStatus after) {
  if (after == before) return true;
  if (!underWay(before)) return false;
  switch (outcome) {
    case AttemptOutcome::Sent:
      return rank(after) >= rank(MessageStatus::Sent) || after == MessageStatus::Failed;
    case AttemptOutcome::NotSent:
      return ended(after) || after == MessageStatus::Accepted || after == MessageStatus::Unknown;
    case AttemptOutcome::Unknown:
      return after == MessageStatus::Unknown;
  }
  return false;
}

/// What the cases know of a message, by what they were told.
struct Told {
  std::uint32_t last = 0;     ///< attempt that was granted last
  std::string holder;         ///< the provider that it was granted to
  std::uint32_t settled = 0;  ///< attempts up to this one were replayed, or a lookup has proved that they sent nothing
  std::set<std::uint32_t> granted;
  std::map<std::uint32_t, AttemptOutcome> known;  ///< what became of an attempt, once that was said
};

class LatticeCase : public StoreCase, public testing::WithParamInterface<unsigned> {
protected:
  bool oneIn(unsigned times) { return random() % times == 0; }
  std::string anyProvider() { return oneIn(3) ? "other" : "mock"; }
  std::uint32_t anyAttempt(const Told& told) { return 1 + static_cast<std::uint32_t>(random() % (told.last + 2)); }

  void report(const Event& event, MessageStatus before) {
    static constexpr std::array<std::string_view, 6> kWords{"sent", "delivered", "read", "failed", "accepted", "x"};
    Event said = test::report(oneIn(4) ? "theirs" : providerId(event), kWords[random() % kWords.size()]);
    said.content.provider = anyProvider();
    if (oneIn(2)) said.content.message_id = event.id;
    persist(said);
    const MessageStatus after = statusOf(event);
    EXPECT_TRUE(reported(before, after)) << word(before) << " became " << word(after);
  }

  void conclude(const Event& event, Told& told, MessageStatus before) {
    const auto outcome = static_cast<AttemptOutcome>(random() % 3);
    Attempt end = attempt(event, anyAttempt(told), outcome);
    end.provider = anyProvider();
    end.end = static_cast<AttemptEnd>(oneIn(4) ? 1 + random() % 2 : 0);
    end.earlier_not_sent = oneIn(5);
    const bool news = !told.known.contains(end.number);
    record(end);
    if (news && outcome != AttemptOutcome::Unknown) told.known[end.number] = outcome;
    if (news && end.earlier_not_sent && end.number == told.last) told.settled = std::max(told.settled, end.number - 1);
    const MessageStatus after = statusOf(event);
    EXPECT_TRUE(concluded(outcome, before, after)) << word(before) << " became " << word(after);
  }

  void ask(const Event& event, Told& told, MessageStatus before) {
    Intent wish = intent(event, anyAttempt(told), oneIn(2));
    wish.provider = anyProvider();
    if (oneIn(3)) wish.replayed_after = static_cast<std::uint32_t>(random() % wish.attempt);
    const BeginResult result = begin(wish);
    EXPECT_EQ(statusOf(event), result.status);
    if (!result.granted) {
      const bool lost = before == MessageStatus::Sending && wish.attempt > told.last;
      EXPECT_EQ(result.status, lost ? MessageStatus::Unknown : before);
      EXPECT_FALSE(result.doubtful);
      return;
    }
    EXPECT_EQ(result.status, MessageStatus::Sending);
    EXPECT_GT(wish.attempt, told.last);
    const bool replayed = wish.replayed_after > 0 && told.last <= wish.replayed_after;
    const bool recognised = wish.resend && wish.provider == told.holder;
    EXPECT_TRUE(before == MessageStatus::Accepted || (ended(before) && replayed) ||
                (mayHaveBeenSent(before) && (replayed || recognised)))
        << "granted when it was " << word(before);
    told.settled = std::max(told.settled, wish.replayed_after);
    EXPECT_EQ(result.doubtful, mayHaveBeenSent(before) && told.last > told.settled);
    told.last = wish.attempt;
    told.holder = wish.provider;
    told.granted.insert(wish.attempt);
  }

  void step(const Event& event, Told& told) {
    const MessageStatus before = statusOf(event);
    switch (random() % 3) {
      case 0:
        report(event, before);
        break;
      case 1:
        conclude(event, told, before);
        break;
      default:
        ask(event, told, before);
    }
    if (statusOf(event) != MessageStatus::Accepted) return;
    for (const std::uint32_t number : told.granted)
      EXPECT_TRUE(number <= told.settled || told.known.contains(number))
          << "accepted, though attempt " << number << " may have sent it";
  }

  std::mt19937 random{GetParam()};
};

TEST_P(LatticeCase, NoOrderOfGrantsOutcomesReplaysAndReportsMovesAMessageBackOrForgetsADoubt) {
  for (int message = 0; message < 4; ++message) {
    const Event event = outbound();
    persist(event);
    Told told;
    for (int i = 0; i < 60 && !HasFailure(); ++i) step(event, told);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, LatticeCase, testing::Range(0u, 10u));

}  // namespace
}  // namespace penstock::test
