#pragma once

#include "shared/durable/journal.h"
#include "shared/durable/window.h"

#include <functional>
#include <stdexcept>

namespace penstock::test {

/// A journal for the committer alone: the test says what becomes of a batch.
class FakeJournal final : public durable::Journal {
public:
  std::function<void(std::span<durable::Publication>)> on_publish;

  void publish(std::span<durable::Publication> batch) override { on_publish(batch); }

  durable::Intake read(std::size_t, std::uint64_t, durable::Window&) override { none(); }
  SteadyTime due() override { none(); }
  void handOver(std::span<durable::Item* const>, Duration) override { none(); }
  void settle(std::span<durable::Ending>) override { none(); }
  std::vector<durable::Fate> expire(std::span<durable::Item* const>) override { none(); }
  void tidy(durable::Window&) override { none(); }
  QueueStats stats(const durable::Window&) override { none(); }
  DeadLetterPage list(const DeadLetterFilter&, Page) override { none(); }
  std::optional<DeadLetter> get(const Uuid&) override { none(); }
  std::uint64_t replay(const DeadLetterFilter&, Duration, Duration) override { none(); }
  std::uint64_t discard(std::span<const Uuid>) override { none(); }
  std::vector<DeadLetterGroup> causes(const DeadLetterFilter&, std::size_t) override { none(); }
  std::vector<Uuid> choose(const DeadLetterFilter&, std::uint64_t) override { none(); }

private:
  [[noreturn]] static void none() { throw std::logic_error("the committer only publishes"); }
};

}  // namespace penstock::test
