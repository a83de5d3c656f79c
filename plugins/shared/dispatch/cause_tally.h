#pragma once

#include "penstock/dead_letters.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace penstock::dispatch {

/// Sums up dead letters by what they died of. Not synchronised.
class CauseTally {
public:
  /// One more; they are told newest first.
  void add(std::string_view cause, std::string_view reason, WallTime dead_at);
  /// In the order of DeadLetters::causes.
  std::vector<DeadLetterGroup> largest(std::size_t limit) &&;

private:
  std::unordered_map<std::string, DeadLetterGroup> groups_;
};

}  // namespace penstock::dispatch
