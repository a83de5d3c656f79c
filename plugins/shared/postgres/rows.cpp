#include "shared/postgres/rows.h"

#include <libpq-fe.h>

#include <charconv>
#include <cstring>
#include <stdexcept>
#include <string>

#include "shared/postgres/parameters.h"

namespace penstock::postgres {

namespace {

std::uint64_t bigEndian(std::span<const std::uint8_t> bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

}  // namespace

void Rows::End::operator()(PGresult* result) const noexcept { PQclear(result); }

Rows::Rows(PGresult* result) : result_(result), count_(PQntuples(result)) {}

std::int64_t Rows::changes() const {
  const std::string_view written = PQcmdTuples(result_.get());
  std::int64_t count = 0;
  std::from_chars(written.data(), written.data() + written.size(), count);
  return count;
}

bool Rows::isNull(int column) const { return PQgetisnull(result_.get(), row_, column) != 0; }

std::span<const std::uint8_t> Rows::bytes(int column) const {
  return {reinterpret_cast<const std::uint8_t*>(PQgetvalue(result_.get(), row_, column)),
          static_cast<std::size_t>(PQgetlength(result_.get(), row_, column))};
}

std::span<const std::uint8_t> Rows::fixed(int column, std::size_t size) const {
  const auto found = bytes(column);
  if (found.size() != size)
    throw std::logic_error("column " + std::to_string(column) + " has " + std::to_string(found.size()) +
                           " bytes instead of " + std::to_string(size));
  return found;
}

bool Rows::boolean(int column) const { return fixed(column, 1)[0] != 0; }

std::int64_t Rows::integer(int column) const {
  const auto found = bytes(column);
  switch (found.size()) {
    case 2:
      return static_cast<std::int16_t>(bigEndian(found));
    case 4:
      return static_cast<std::int32_t>(bigEndian(found));
    default:
      return static_cast<std::int64_t>(bigEndian(fixed(column, 8)));
  }
}

double Rows::real(int column) const {
  const std::uint64_t bits = bigEndian(fixed(column, 8));
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

std::string_view Rows::text(int column) const {
  const auto found = bytes(column);
  return {reinterpret_cast<const char*>(found.data()), found.size()};
}

WallTime Rows::time(int column) const { return wallTimeOf(static_cast<std::int64_t>(bigEndian(fixed(column, 8)))); }

}  // namespace penstock::postgres
