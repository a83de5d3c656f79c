#include "shared/dispatch/cause_tally.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace penstock::dispatch {

void CauseTally::add(std::string_view cause, std::string_view reason, WallTime dead_at) {
  DeadLetterGroup& group = groups_[std::string(cause)];
  if (group.count++ == 0) {
    group.cause = cause;
    group.reason = reason;
    group.last_dead_at = dead_at;
  }
  group.first_dead_at = dead_at;
}

std::vector<DeadLetterGroup> CauseTally::largest(std::size_t limit) && {
  std::vector<DeadLetterGroup> groups;
  groups.reserve(groups_.size());
  for (auto& [cause, group] : groups_) groups.push_back(std::move(group));
  std::sort(groups.begin(), groups.end(), [](const DeadLetterGroup& a, const DeadLetterGroup& b) {
    return std::tie(b.count, b.last_dead_at, a.cause) < std::tie(a.count, a.last_dead_at, b.cause);
  });
  if (groups.size() > limit) groups.resize(limit);
  return groups;
}

}  // namespace penstock::dispatch
