#pragma once

#include "penstock/identity.h"
#include "penstock/time.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace penstock::postgres {

/// Types of the server by their object ids, which never change (pg_type.dat).
enum class Type : std::uint32_t {
  Boolean = 16,
  Bytea = 17,
  BigInt = 20,
  SmallInt = 21,
  Integer = 23,
  Text = 25,
  Real = 701,
  Timestamp = 1184,
  Uuid = 2950,
};

/// The type of arrays of it.
std::uint32_t arrayOf(Type element) noexcept;

/// Times lie in PostgreSQL as microseconds since 2000-01-01.
std::int64_t timestampOf(WallTime time);
WallTime wallTimeOf(std::int64_t timestamp);

/// How a value of C++ is written: its type and its bytes in network order.
namespace binary {

template <typename Integer>
void append(std::string& buffer, Integer value) {
  using Bits = std::make_unsigned_t<Integer>;
  const auto bits = static_cast<Bits>(value);
  char bytes[sizeof(Bits)];
  for (std::size_t i = 0; i < sizeof(Bits); ++i)
    bytes[i] = static_cast<char>(static_cast<std::uint8_t>(bits >> (8 * (sizeof(Bits) - 1 - i))));
  buffer.append(bytes, sizeof bytes);
}

inline void write(std::string& buffer, bool value) { buffer += static_cast<char>(value); }
inline void write(std::string& buffer, std::int16_t value) { append(buffer, value); }
inline void write(std::string& buffer, std::int32_t value) { append(buffer, value); }
inline void write(std::string& buffer, std::int64_t value) { append(buffer, value); }
inline void write(std::string& buffer, double value) {
  std::int64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  append(buffer, bits);
}
inline void write(std::string& buffer, std::string_view value) { buffer += value; }
inline void write(std::string& buffer, std::span<const std::uint8_t> value) {
  buffer.append(reinterpret_cast<const char*>(value.data()), value.size());
}
inline void write(std::string& buffer, const Uuid& value) { write(buffer, std::span(value.bytes)); }
inline void write(std::string& buffer, const Digest128& value) { write(buffer, std::span(value.bytes)); }
inline void write(std::string& buffer, WallTime value) { append(buffer, timestampOf(value)); }

template <typename Value>
constexpr Type typeOf() {
  if constexpr (std::is_same_v<Value, bool>) return Type::Boolean;
  if constexpr (std::is_same_v<Value, std::int16_t>) return Type::SmallInt;
  if constexpr (std::is_same_v<Value, std::int32_t>) return Type::Integer;
  if constexpr (std::is_same_v<Value, std::int64_t>) return Type::BigInt;
  if constexpr (std::is_same_v<Value, double>) return Type::Real;
  if constexpr (std::is_same_v<Value, std::string_view>) return Type::Text;
  if constexpr (std::is_same_v<Value, std::span<const std::uint8_t>>) return Type::Bytea;
  if constexpr (std::is_same_v<Value, Uuid> || std::is_same_v<Value, Digest128>) return Type::Uuid;
  if constexpr (std::is_same_v<Value, WallTime>) return Type::Timestamp;
}

}  // namespace binary

/// Writes an array of one dimension. `Value` is one of bool, std::int16_t, std::int32_t, std::int64_t, double,
/// std::string_view (text), std::span<const std::uint8_t> (bytea), Uuid or Digest128 (uuid), WallTime (timestamptz).
template <typename Value>
class Array {
public:
  explicit Array(std::size_t expected = 0) {
    buffer_.reserve(kHeader + expected * (4 + sizeof(Value)));
    binary::append(buffer_, std::int32_t{1});  // dimensions
    binary::append(buffer_, std::int32_t{0});  // no nulls
    binary::append(buffer_, static_cast<std::int32_t>(binary::typeOf<Value>()));
    binary::append(buffer_, std::int32_t{0});  // elements, see bytes()
    binary::append(buffer_, std::int32_t{1});  // first index
  }

  void add(const Value& value) {
    const std::size_t at = buffer_.size();
    binary::append(buffer_, std::int32_t{0});
    binary::write(buffer_, value);
    put(at, buffer_.size() - at - 4);
    ++count_;
  }

  std::size_t count() const { return count_; }
  std::string_view bytes() {
    put(kCount, count_);
    return buffer_;
  }

private:
  static constexpr std::size_t kHeader = 20;
  static constexpr std::size_t kCount = 12;

  void put(std::size_t at, std::size_t value) {
    for (std::size_t i = 0; i < 4; ++i)
      buffer_[at + i] = static_cast<char>(static_cast<std::uint8_t>(value >> (24 - 8 * i)));
  }

  std::string buffer_;
  std::size_t count_ = 0;
};

/// The parameters of one statement, in order, in binary.
class Parameters {
public:
  Parameters() = default;
  template <typename... Values>
  static Parameters of(const Values&... values) {
    Parameters parameters;
    (parameters.add(values), ...);
    return parameters;
  }

  template <typename Value>
  Parameters& add(const Value& value) {
    if constexpr (std::is_convertible_v<const Value&, std::string_view>) {
      return put(static_cast<std::uint32_t>(Type::Text), [&] { binary::write(buffer_, std::string_view(value)); });
    } else {
      return put(static_cast<std::uint32_t>(binary::typeOf<Value>()), [&] { binary::write(buffer_, value); });
    }
  }

  /// Nothing is NULL.
  template <typename Value>
  Parameters& add(const std::optional<Value>& value) {
    if (value) return add(*value);
    using Plain = std::conditional_t<std::is_convertible_v<const Value&, std::string_view>, std::string_view, Value>;
    entries_.push_back({static_cast<std::uint32_t>(binary::typeOf<Plain>()), 0, 0, true});
    return *this;
  }

  /// The array is copied.
  template <typename Value>
  Parameters& add(Array<Value>& array) {
    return put(arrayOf(binary::typeOf<Value>()), [&] { buffer_ += array.bytes(); });
  }

  std::size_t count() const { return entries_.size(); }

  /// What libpq wants; points into this object. An empty value has a pointer, NULL has none.
  struct Raw {
    std::vector<std::uint32_t> types;
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
  };
  Raw raw() const;

private:
  struct Entry {
    std::uint32_t type;
    std::size_t begin;
    std::size_t length;
    bool null;
  };

  template <typename Write>
  Parameters& put(std::uint32_t type, Write write) {
    const std::size_t begin = buffer_.size();
    write();
    entries_.push_back({type, begin, buffer_.size() - begin, false});
    return *this;
  }

  std::string buffer_;
  std::vector<Entry> entries_;
};

}  // namespace penstock::postgres
