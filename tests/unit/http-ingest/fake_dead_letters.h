#pragma once

#include "penstock/dead_letters.h"

#include <functional>
#include <optional>
#include <vector>

namespace penstock::test {

/// An engine's dead letters that answer what the test put in and remember what they were asked.
class FakeDeadLetters final : public DeadLetters {
public:
  DeadLetterPage page;
  std::optional<DeadLetter> letter;
  std::vector<DeadLetterGroup> groups;
  std::uint64_t changed = 0;  ///< what replay and discard answer
  /// Asked first; may throw.
  std::function<void()> on_ask = [] {};

  int asked = 0;
  DeadLetterFilter filter;
  Page wanted;
  std::uint64_t cap = 0;
  Duration spread{};
  std::vector<Uuid> ids;

  DeadLetterPage list(const DeadLetterFilter& which, Page what) override {
    ask(which);
    wanted = what;
    return page;
  }
  std::optional<DeadLetter> get(const Uuid& id) override {
    ask({});
    ids = {id};
    return letter;
  }
  std::uint64_t replay(const DeadLetterFilter& which, std::uint64_t most, Duration over) override {
    ask(which);
    cap = most;
    spread = over;
    return changed;
  }
  std::uint64_t discard(std::span<const Uuid> which) override {
    ask({});
    ids.assign(which.begin(), which.end());
    return changed;
  }
  std::vector<DeadLetterGroup> causes(const DeadLetterFilter& which, std::size_t limit) override {
    ask(which);
    cap = limit;
    return groups;
  }

private:
  void ask(const DeadLetterFilter& which) {
    on_ask();
    ++asked;
    filter = which;
  }
};

}  // namespace penstock::test
