#pragma once

#include <cstdint>
#include <stdexcept>
#include <string_view>

struct sqlite3;

namespace penstock::sqlite {

/// What a fault of SQLite means for the caller.
enum class FaultClass : std::uint8_t {
  Unavailable,  ///< busy, out of room, I/O: the same call may succeed later
  Rejected,     ///< the values break a rule of the schema or a limit: the same call never succeeds
  Corrupt,      ///< the file is damaged or no database: a person has to act
};

/// The class of an (extended) result code, https://www.sqlite.org/rescode.html. [any thread]
FaultClass classify(int code) noexcept;

/// A call into SQLite failed. The text names the code and its standard meaning, never a value.
struct Fault : std::runtime_error {
  Fault(int extended_code, std::string_view doing);
  int code;
  FaultClass kind;
};

/// Throws the Fault that `database` has just met while `doing`.
[[noreturn]] void raise(sqlite3* database, int code, std::string_view doing);

}  // namespace penstock::sqlite
