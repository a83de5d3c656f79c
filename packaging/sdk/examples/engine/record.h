#pragma once

#include "penstock/dead_letters.h"

#include <cstdint>
#include <list>
#include <string>
#include <string_view>

namespace example {

using Waits = decltype(penstock::Delivery::waits);

enum class Place : std::uint8_t { Ready, Leased, Scheduled, Dead };

/// An event in the queue, or dead.
struct Record {
  explicit Record(penstock::Event published);

  void fail(penstock::WallTime now, std::string_view reason);

  penstock::Event event;
  std::string lane;  ///< customer and conversation
  std::uint64_t bytes;
  std::uint64_t sequence = 0;  ///< publish order

  Place place = Place::Ready;
  penstock::SteadyTime time{};  ///< ready since, leased until, scheduled for, or dead since
  penstock::SteadyTime born{};  ///< published or, when replayed, due
  penstock::LeaseToken token;
  std::uint32_t attempt = 0;
  std::uint32_t earlier_attempts = 0;
  std::uint32_t expired_alone = 0;
  bool suspect = false;
  bool alone = false;  ///< the lease is that of a suspect
  Waits waits;
  penstock::DeadLetter letter;  ///< without what stands above
};

using Records = std::list<Record>;

/// The waits after a lease ended so.
Waits waitsAfter(const Waits& before, const penstock::RetryAfter& retry);
Waits waitsAfter(const Waits& before, const penstock::Release& release);

/// Steps that nobody will live to see are ten years, negative ones nothing.
penstock::Duration bounded(penstock::Duration step);

/// At most 1024 bytes, cut between two characters.
std::string_view clipped(std::string_view reason);

}  // namespace example
