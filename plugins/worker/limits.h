#pragma once

#include "worker/outgoing.h"
#include "worker/sender_settings.h"
#include "worker/token_bucket.h"

#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace penstock {

/// How much may be on its way to one provider, one destination and from one sender. What has no room waits aside, so it
/// holds up nobody else. [any thread]
class Limits {
public:
  /// Why a message has to wait, and for how long at least.
  struct Wait {
    Duration time{};
    std::string_view cause;
  };

  explicit Limits(const LimitSettings& settings);

  /// Takes a place in each, or none and says what to wait for.
  std::optional<Wait> enter(const Outgoing& message, SteadyTime now);

  /// Gives the places back that a message has had since `entered`.
  void leave(const std::string& provider, const std::string& destination, const std::string& sender, SteadyTime entered,
             SteadyTime now);

  /// How many names it keeps something of.
  std::size_t names() const;

private:
  struct Place {
    explicit Place(double rate) : bucket(rate) {}
    /// How long one that finds no room is to wait. They are told times one after the other, as far apart as others
    /// leave, so that thousands who wait for a destination that hangs are not handed out again and again.
    Duration turnAway(std::size_t most, SteadyTime now);

    TokenBucket bucket;
    std::size_t under_way = 0;
    Duration stay{};    ///< of one message, smoothed
    SteadyTime left{};  ///< the last one, or when the first one entered
    SteadyTime next{};  ///< given to the last one that was turned away
  };

  /// The places of one kind, by name. Those that are idle are forgotten.
  class Places {
  public:
    Places(Limit limit, std::string_view cause) : limit_(limit), cause_(cause) {}
    std::optional<Wait> enter(const std::string& name, SteadyTime now);
    void undo(const std::string& name);
    void leave(const std::string& name, SteadyTime entered, SteadyTime now);
    std::size_t size() const { return places_.size(); }

  private:
    bool bounds() const { return limit_.rate > 0 || limit_.concurrency > 0; }
    void forgetIdle(SteadyTime now);

    const Limit limit_;
    const std::string_view cause_;
    std::unordered_map<std::string, Place> places_;
    std::size_t sweep_at_ = 1024;
  };

  mutable std::mutex mutex_;
  Places providers_;
  Places destinations_;
  Places senders_;
};

}  // namespace penstock
