#pragma once

#include "worker/leased_tokens.h"
#include "worker/sender_settings.h"
#include "worker/token_bucket.h"
#include "worker/turns.h"

#include "penstock/time.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace penstock {

/// The places of one kind, by name: who is under way, and how many more may leave. Those that are idle are forgotten.
/// One thread at a time.
class Places {
public:
  /// Why a message has to wait, and for how long at least.
  struct Wait {
    Duration time{};
    std::string_view cause;
  };

  /// `shared`: rates are those of all processes together.
  Places(Limit limit, bool shared, std::string_view cause) : limit_(limit), shared_(shared), cause_(cause) {}

  /// Takes a place, or says what to wait for. What of `own` is not 0 comes before the limit of all names.
  std::optional<Wait> enter(const std::string& name, const Limit& own, SteadyTime now);
  /// It was not needed, and neither was the token.
  void undo(const std::string& name);
  void leave(const std::string& name, SteadyTime entered, SteadyTime now);

  /// Other limits. What is under way keeps its place.
  void change(Limit limit, bool shared, SteadyTime now);

  /// Whether there is demand.
  bool asks() const { return !wanted_.empty(); }
  /// Names that have asked for a block of tokens since the last time, with the rate of each.
  std::vector<std::pair<std::string, double>> demand();
  /// What a name has been given for asking.
  void grant(const std::string& name, double tokens, SteadyTime now);

  std::size_t size() const { return places_.size(); }

private:
  static constexpr std::size_t kSweep = 1024;  ///< names at which idle ones are looked for

  struct Place {
    /// How long one that finds no room is to wait. They are told times as far apart as others leave, so that thousands
    /// who wait for a destination that hangs are not handed out again and again.
    Duration turnAway(std::size_t most, SteadyTime now);
    void bound(const Limit& by, SteadyTime now);

    Limit own;    ///< put over the limit of all
    Limit limit;  ///< in force
    TokenBucket bucket{0};
    LeasedTokens leased;  ///< instead of the bucket, when rates are shared
    std::size_t under_way = 0;
    Duration stay{};    ///< of one message, smoothed
    SteadyTime left{};  ///< the last one, or when the first one entered
    Turns turns;
  };

  void forgetIdle(SteadyTime now);

  Limit limit_;
  bool shared_;
  const std::string_view cause_;
  std::unordered_map<std::string, Place> places_;
  std::vector<std::string> wanted_;
  std::size_t sweep_at_ = kSweep;
};

}  // namespace penstock
