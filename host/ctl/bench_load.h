#pragma once

#include "ctl/problem.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace penstock::ctl {

/// What came of a while of load.
struct LoadResult {
  /// Of one status and problem code.
  struct Refusals {
    std::uint64_t count = 0;
    Problem first;
  };

  double seconds = 0;
  std::uint64_t accepted = 0;                                          ///< answered 202
  std::map<std::pair<unsigned, std::string>, Refusals> refusals = {};  ///< answered otherwise
  std::vector<float> latencies = {};                                   ///< of the accepted, in seconds, sorted

  std::uint64_t refused() const;
  void refuse(Problem problem);

  double perSecond() const { return seconds > 0 ? static_cast<double>(accepted) / seconds : 0; }
  /// The latency that so large a share stayed within; 0 when nothing was accepted.
  double percentile(double share) const;
};

/// Posts messages to a service on 127.0.0.1 over connections that stay open, the next as soon as the one before is
/// answered. Runs on the caller's thread.
class Load {
public:
  /// [throws: Failure]
  Load(std::uint16_t port, std::size_t connections);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// `watch` is called ten times a second with the time that has passed and may end it by an exception.
  /// [blocks: so long] [throws: Failure when every connection is lost]
  LoadResult run(std::chrono::milliseconds time,
                 const std::function<void(double seconds, std::uint64_t accepted)>& watch);

private:
  struct Shared;
  class Connection;
  std::unique_ptr<Shared> shared_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace penstock::ctl
