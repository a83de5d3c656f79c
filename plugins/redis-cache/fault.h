#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace penstock::redis_cache {

enum class FaultKind : std::uint8_t {
  Unreachable,  ///< no connection
  TimedOut,     ///< no answer in time
  Broken,       ///< the connection ended
  Garbage,      ///< what came is no answer to what was asked
  Refused,      ///< the server answered with an error
};

/// Label values, in the order of FaultKind.
inline constexpr std::array<std::string_view, 5> kFaultNames{"unreachable", "timed_out", "broken", "garbage",
                                                             "refused"};

/// What went wrong with the server, as the end of a sentence. Never holds what the server wrote: a server that does not
/// know AUTH answers with the password in its error.
struct Fault : std::runtime_error {
  Fault(FaultKind what, const std::string& sentence) : std::runtime_error(sentence), kind(what) {}
  FaultKind kind;
};

}  // namespace penstock::redis_cache
