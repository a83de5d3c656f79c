#include "shared/sqlite/statement.h"

#include <sqlite3.h>

#include "shared/sqlite/fault.h"

namespace penstock::sqlite {

namespace {

sqlite3_destructor_type lifetime(Bound bound) { return bound == Bound::Borrowed ? SQLITE_STATIC : SQLITE_TRANSIENT; }

}  // namespace

Statement::Statement(sqlite3* database, std::string_view sql) : database_(database) {
  const int code = sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &statement_, nullptr);
  if (code != SQLITE_OK) raise(database, code, "preparing a statement");
}

Statement::~Statement() { sqlite3_finalize(statement_); }

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) raise(database_, code, "running a statement");
  return false;
}

void Statement::reset() noexcept {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

double Statement::real(int column) const { return sqlite3_column_double(statement_, column); }

std::string_view Statement::text(int column) const {
  const unsigned char* start = sqlite3_column_text(statement_, column);
  if (start == nullptr) return {};
  return {reinterpret_cast<const char*>(start), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::span<const std::uint8_t> Statement::bytes(int column) const {
  const void* start = sqlite3_column_blob(statement_, column);
  if (start == nullptr) return {};
  return {static_cast<const std::uint8_t*>(start), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

bool Statement::isNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

void Statement::bindInteger(int index, std::int64_t value) {
  const int code = sqlite3_bind_int64(statement_, index, value);
  if (code != SQLITE_OK) raise(database_, code, "binding a value");
}

void Statement::bindReal(int index, double value) {
  const int code = sqlite3_bind_double(statement_, index, value);
  if (code != SQLITE_OK) raise(database_, code, "binding a value");
}

void Statement::bindText(int index, Bound bound, std::string_view value) {
  // A null pointer would bind NULL.
  const char* start = value.data() == nullptr ? "" : value.data();
  const int code = sqlite3_bind_text64(statement_, index, start, value.size(), lifetime(bound), SQLITE_UTF8);
  if (code != SQLITE_OK) raise(database_, code, "binding a value");
}

void Statement::bindBytes(int index, Bound bound, std::span<const std::uint8_t> value) {
  const void* start = value.data() == nullptr ? "" : static_cast<const void*>(value.data());
  const int code = sqlite3_bind_blob64(statement_, index, start, value.size(), lifetime(bound));
  if (code != SQLITE_OK) raise(database_, code, "binding a value");
}

void Statement::bindNull(int index) {
  const int code = sqlite3_bind_null(statement_, index);
  if (code != SQLITE_OK) raise(database_, code, "binding a value");
}

}  // namespace penstock::sqlite
