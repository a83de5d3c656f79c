#pragma once

#include "penstock/cache.h"
#include "redis-cache/connection.h"
#include "redis-cache/settings.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace penstock::redis_cache {

/// How notes lie in Redis, below the prefix:
///
///     sent:<our id>  "<milliseconds since 1970> <the provider's id>", with the TTL
///     sent           a sorted set of our ids by those milliseconds, for listing; never longer than `listed`
///     probe          what says whether the server takes writes
///
/// A note is known by its key; an id of the list whose key is gone is passed over.
class Notes {
public:
  Notes(const Settings& settings, Clock& clock);

  /// How many of `notes` were kept; the others were refused for the reason in `refusal`.
  struct Outcome {
    std::size_t kept = 0;
    std::string refusal;
  };

  /// Writes in one exchange and lets go of what the list may no longer hold. [blocks: to the deadline] [throws: Fault]
  Outcome write(Connection& connection, std::span<const SentNote> notes, SteadyTime deadline) const;

  /// [blocks: to the deadline, twice to and fro] [throws: Fault]
  std::vector<SentNote> page(Connection& connection, Page page, SteadyTime deadline) const;

  /// Writes something that says nothing. [blocks: to the deadline] [throws: Fault, of kind Refused when not taken]
  void probe(Connection& connection, SteadyTime deadline) const;

private:
  std::string key(const Uuid& id) const { return list_ + ':' + id.text(); }
  std::string oldest() const;

  const std::string list_;
  const std::string probe_;
  const std::string ttl_;
  const Duration remembered_;
  const std::string surplus_;
  Clock& clock_;
};

}  // namespace penstock::redis_cache
