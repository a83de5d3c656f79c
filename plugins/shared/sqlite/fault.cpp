#include "shared/sqlite/fault.h"

#include <sqlite3.h>

#include <string>

namespace penstock::sqlite {

FaultClass classify(int code) noexcept {
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      return FaultClass::Rejected;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return FaultClass::Corrupt;
    default:
      return FaultClass::Unavailable;
  }
}

Fault::Fault(int extended_code, std::string_view doing)
    : std::runtime_error("SQLite error " + std::to_string(extended_code) + " (" + sqlite3_errstr(extended_code) +
                         ") while " + std::string(doing)),
      code(extended_code),
      kind(classify(extended_code)) {}

void raise(sqlite3* database, int code, std::string_view doing) {
  const int extended = database == nullptr ? code : sqlite3_extended_errcode(database);
  throw Fault((extended & 0xff) == (code & 0xff) ? extended : code, doing);
}

}  // namespace penstock::sqlite
