#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr;

namespace penstock::http_transport {

/// An IP address. An IPv4 address lies in the first four bytes.
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  bool v6 = false;
  bool operator==(const Address&) const = default;
};

/// What an address reaches.
enum class Reach : std::uint8_t {
  Public,
  Private,  ///< RFC 1918, unique local
  Loopback,
  Carrier,  ///< shared by a carrier's NAT (RFC 6598)
  LinkLocal,
  Multicast,
  Reserved,  ///< unspecified, documentation, benchmarking, protocol assignments, not allocated
  Embedded,  ///< IPv6 that leads to an IPv4 address: mapped, compatible, NAT64, 6to4, Teredo, ISATAP
  Metadata,  ///< a cloud's own services for its machines
};

Reach classify(const Address& address);

/// A noun for sentences, such as "a loopback address".
std::string_view describe(Reach reach);

/// Reads dotted decimal or IPv6, both strictly: no octal, no hex, no short forms, no zone.
std::optional<Address> parseAddress(const std::string& text);
std::optional<Address> addressOf(const sockaddr* socket_address);
std::string toText(const Address& address);

}  // namespace penstock::http_transport
