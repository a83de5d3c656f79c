#pragma once

#include "penstock/time.h"

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

/// A message's id: a UUID of version 7 (RFC 9562), so that ids made later sort later, to the microsecond.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Uuid&) const = default;

  /// A new id, its time part from `now`, the other 62 bits from the kernel's random source. [any thread]
  static Uuid make(WallTime now);
  /// Reads the 36-character form, either case. Nothing otherwise. [any thread]
  static std::optional<Uuid> parse(std::string_view text);
  /// Lower-case 36-character form.
  std::string text() const;
};

/// 128 bits of SHA-256: an idempotency key, a content fingerprint, or the hash of a policy.
struct Digest128 {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Digest128&) const = default;

  /// Hash of the parts, each preceded by its length as 8 little-endian bytes, so that ("ab","c") differs from
  /// ("a","bc"). [any thread]
  static Digest128 of(std::initializer_list<std::string_view> parts);
  /// Reads 32 hexadecimal digits, either case. Nothing otherwise.
  static std::optional<Digest128> parse(std::string_view hex);
  /// 32 lower-case hexadecimal digits.
  std::string hex() const;
};

/// SHA-256 (FIPS 180-4) of `text` as 32 raw bytes. [any thread]
std::array<std::uint8_t, 32> sha256(std::string_view text);
/// Lower-case hexadecimal of the bytes.
std::string hex(std::string_view bytes);

/// Hash for unordered containers: both kinds are random bits already.
struct IdentityHash {
  std::size_t operator()(const Uuid& id) const noexcept { return tail(id.bytes); }
  std::size_t operator()(const Digest128& digest) const noexcept { return tail(digest.bytes); }

private:
  static std::size_t tail(const std::array<std::uint8_t, 16>& bytes) noexcept {
    std::size_t value = 0;
    std::memcpy(&value, bytes.data() + 8, sizeof value);
    return value;
  }
};

}  // namespace penstock
