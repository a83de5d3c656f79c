#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

struct pg_result;

namespace penstock::postgres {

/// What a fault of PostgreSQL asks of the caller.
enum class FaultClass : std::uint8_t {
  Retry,      ///< lost against another transaction: the same transaction may succeed at once
  Reconnect,  ///< the session is gone or the server does not take one now: again on another session, later
  Shed,       ///< out of room, or a standby: later, and nothing else helps
  Never,      ///< the values or the program are wrong: the same call never succeeds
};

/// The class of a SQLSTATE, https://www.postgresql.org/docs/15/errcodes-appendix.html; without one, as after a bare
/// close, Reconnect. [any thread]
FaultClass classify(std::string_view sqlstate) noexcept;

/// A call into PostgreSQL failed. The text names the SQLSTATE, what it stands for and the constraint or column that the
/// server names; never a value, a password or text of the server that may hold one.
struct Fault : std::runtime_error {
  Fault(std::string code, const std::string& sentence);
  Fault(std::string code, const std::string& sentence, FaultClass of_kind) : Fault(std::move(code), sentence) {
    kind = of_kind;
  }
  /// A copy shares no text with the original, so that threads may each have one and a race detector can see it.
  Fault(const Fault& other)
      : std::runtime_error(std::string(other.what())), sqlstate(other.sqlstate), kind(other.kind) {}
  Fault& operator=(const Fault&) = delete;

  /// One whose text is already a whole sentence.
  static Fault asSaid(const std::string& sentence, FaultClass of_kind) { return Fault(sentence, of_kind); }

  std::string sqlstate;  ///< empty when the connection just closed
  FaultClass kind;

private:
  Fault(const std::string& sentence, FaultClass of_kind) : std::runtime_error(sentence), kind(of_kind) {}
};

/// What a session says when the server stays silent beyond its time: connection_failure.
inline constexpr std::string_view kSilent = "08006";

/// The server has ended a statement, by its timeout: query_canceled.
inline constexpr std::string_view kCanceled = "57014";

/// The Fault of a failed result. [throws: Fault]
[[noreturn]] void raise(const pg_result* result, std::string_view doing);

/// The Fault of a connection that is gone. [throws: Fault]
[[noreturn]] void raiseLost(std::string_view doing);

}  // namespace penstock::postgres
