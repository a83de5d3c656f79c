#include "http-transport/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <algorithm>
#include <stdexcept>
#include <vector>

namespace penstock::http_transport {
namespace {

struct Network {
  const char* address;
  unsigned bits;
  Reach reach;
};

// The first that fits counts. IANA's special-purpose registries, and what clouds document for their machines:
// https://www.iana.org/assignments/iana-ipv4-special-registry
// https://www.iana.org/assignments/iana-ipv6-special-registry
constexpr Network kNetworks[] = {
    {"100.100.100.200", 32, Reach::Metadata},  // Alibaba
    {"168.63.129.16", 32, Reach::Metadata},    // Azure
    {"169.254.169.254", 32, Reach::Metadata},
    {"0.0.0.0", 8, Reach::Reserved},
    {"10.0.0.0", 8, Reach::Private},
    {"100.64.0.0", 10, Reach::Carrier},
    {"127.0.0.0", 8, Reach::Loopback},
    {"169.254.0.0", 16, Reach::LinkLocal},
    {"172.16.0.0", 12, Reach::Private},
    {"192.0.0.0", 24, Reach::Reserved},
    {"192.0.2.0", 24, Reach::Reserved},
    {"192.88.99.0", 24, Reach::Reserved},
    {"192.168.0.0", 16, Reach::Private},
    {"198.18.0.0", 15, Reach::Reserved},
    {"198.51.100.0", 24, Reach::Reserved},
    {"203.0.113.0", 24, Reach::Reserved},
    {"224.0.0.0", 4, Reach::Multicast},
    {"240.0.0.0", 4, Reach::Reserved},
    {"0.0.0.0", 0, Reach::Public},
    {"fd00:ec2::254", 128, Reach::Metadata},  // AWS
    {"fd20:ce::254", 128, Reach::Metadata},   // Google
    {"::", 128, Reach::Reserved},
    {"::1", 128, Reach::Loopback},
    {"::", 96, Reach::Embedded},            // IPv4-compatible
    {"::ffff:0:0", 96, Reach::Embedded},    // IPv4-mapped
    {"::ffff:0:0:0", 96, Reach::Embedded},  // IPv4-translated
    {"64:ff9b::", 96, Reach::Embedded},     // NAT64
    {"64:ff9b:1::", 48, Reach::Embedded},   // NAT64 of a network of its own
    {"2001::", 32, Reach::Embedded},        // Teredo
    {"2002::", 16, Reach::Embedded},        // 6to4
    {"2001::", 23, Reach::Reserved},
    {"2001:db8::", 32, Reach::Reserved},
    {"3fff::", 20, Reach::Reserved},
    {"2000::", 3, Reach::Public},
    {"fc00::", 7, Reach::Private},
    {"fe80::", 10, Reach::LinkLocal},
    {"fec0::", 10, Reach::Private},  // site-local, as it was once called
    {"ff00::", 8, Reach::Multicast},
    {"::", 0, Reach::Reserved},
};

struct ParsedNetwork {
  Address address;
  unsigned bits;
  Reach reach;
};

const std::vector<ParsedNetwork>& networks() {
  static const std::vector<ParsedNetwork> parsed = [] {
    std::vector<ParsedNetwork> all;
    for (const Network& network : kNetworks)
      all.push_back({parseAddress(network.address).value(), network.bits, network.reach});
    return all;
  }();
  return parsed;
}

bool contains(const ParsedNetwork& network, const Address& address) {
  if (network.address.v6 != address.v6) return false;
  const unsigned whole = network.bits / 8;
  if (!std::equal(address.bytes.begin(), address.bytes.begin() + whole, network.address.bytes.begin())) return false;
  const unsigned rest = network.bits % 8;
  if (rest == 0) return true;
  const unsigned mask = 0xFFU << (8 - rest) & 0xFFU;
  return (address.bytes[whole] & mask) == (network.address.bytes[whole] & mask);
}

// RFC 5214: such an interface id may follow any prefix.
bool isIsatap(const Address& address) {
  const auto& b = address.bytes;
  return address.v6 && (b[8] & 0xFC) == 0 && b[9] == 0 && b[10] == 0x5E && b[11] == 0xFE;
}

}  // namespace

Reach classify(const Address& address) {
  for (const ParsedNetwork& network : networks()) {
    if (!contains(network, address)) continue;
    return network.reach == Reach::Public && isIsatap(address) ? Reach::Embedded : network.reach;
  }
  return Reach::Reserved;
}

std::string_view describe(Reach reach) {
  switch (reach) {
    case Reach::Public:
      return "a public address";
    case Reach::Private:
      return "a private address";
    case Reach::Loopback:
      return "a loopback address";
    case Reach::Carrier:
      return "an address behind a carrier's NAT";
    case Reach::LinkLocal:
      return "a link-local address";
    case Reach::Multicast:
      return "a multicast address";
    case Reach::Reserved:
      return "a reserved address";
    case Reach::Embedded:
      return "an IPv6 address that holds an IPv4 address";
    case Reach::Metadata:
      return "the address of a cloud's metadata service";
  }
  throw std::logic_error("no such reach");
}

std::optional<Address> parseAddress(const std::string& text) {
  Address address;
  if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) return address;
  address.v6 = true;
  if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::optional<Address> addressOf(const sockaddr* socket_address) {
  Address address;
  if (socket_address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(socket_address);
    const auto* from = reinterpret_cast<const std::uint8_t*>(&v4->sin_addr);
    std::copy_n(from, 4, address.bytes.begin());
    return address;
  }
  if (socket_address->sa_family != AF_INET6) return std::nullopt;
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(socket_address);
  std::copy_n(v6->sin6_addr.s6_addr, 16, address.bytes.begin());
  address.v6 = true;
  return address;
}

std::string toText(const Address& address) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), text, sizeof text);
  return text;
}

}  // namespace penstock::http_transport
