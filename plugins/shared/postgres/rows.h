#pragma once

#include "penstock/identity.h"
#include "penstock/time.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

struct pg_result;

namespace penstock::postgres {

/// The rows of a statement, in binary, column by column from 0. Views last as long as it. A column whose type is
/// another than the one that is read throws std::logic_error.
class Rows {
public:
  explicit Rows(pg_result* result);

  /// Steps to the next row; the first call to the first one.
  bool next() { return ++row_ < count_; }
  int count() const { return count_; }
  /// How many rows the statement inserted, changed or deleted.
  std::int64_t changes() const;

  bool isNull(int column) const;
  bool boolean(int column) const;
  std::int64_t integer(int column) const;  ///< of any width
  double real(int column) const;
  std::string_view text(int column) const;  ///< text, bytea: the bytes; empty when NULL
  std::span<const std::uint8_t> bytes(int column) const;
  WallTime time(int column) const;

  /// A Uuid or Digest128.
  template <typename Identity>
  Identity identity(int column) const {
    Identity value;
    const auto found = fixed(column, value.bytes.size());
    std::copy(found.begin(), found.end(), value.bytes.begin());
    return value;
  }

private:
  struct End {
    void operator()(pg_result* result) const noexcept;
  };
  std::span<const std::uint8_t> fixed(int column, std::size_t size) const;

  std::unique_ptr<pg_result, End> result_;
  int row_ = -1;
  int count_ = 0;
};

}  // namespace penstock::postgres
