#pragma once

#include "http-transport/target.h"

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace penstock::http_transport {

/// Hosts that an operator names: "host", ".suffix" for the names below it, each also with ":port"; IPv6 with a port in
/// brackets. Without a port any port is meant.
class HostList {
public:
  /// Entries that are none of these go to `faults`, blank ones are ignored.
  HostList(std::span<const std::string> entries, std::vector<std::string>& faults);
  bool contains(const Target& target) const;

private:
  struct Entry {
    bool suffix = false;
    std::string host;
    std::optional<std::uint16_t> port;
  };
  std::vector<Entry> entries_;
};

/// Why a request must not go to what its name stands for. The sentence, which others read, names the class of the
/// address only: what a network looks like inside is its owner's affair.
struct AddressRefusal {
  std::string sentence;
  Address address;
};

/// Decides where requests may go (server-side request forgery). Two questions, because names have to be looked up
/// between them.
class Guard {
public:
  Guard(HostList allowed, std::set<std::uint16_t> ports) : allowed_(std::move(allowed)), ports_(std::move(ports)) {}

  /// Why a request must not go there, or nothing: https to a port of the list unless the host is allowed.
  std::optional<std::string> refuseTarget(const Target& target) const;

  /// Why it must not go to what its name stands for, or nothing. One address that is not public refuses all of them. A
  /// host that is allowed by name may be private, loopback or behind a carrier's NAT; only one that is allowed as an
  /// address may be any.
  std::optional<AddressRefusal> refuseAddresses(const Target& target, std::span<const Address> addresses) const;

private:
  HostList allowed_;
  std::set<std::uint16_t> ports_;
};

}  // namespace penstock::http_transport
