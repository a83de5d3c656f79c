#pragma once

#include "http-transport/address.h"

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace penstock::http_transport {

/// A URL that cannot be sent to, as a sentence.
struct MalformedUrl : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Where a request goes. Read strictly, so that libcurl, which gets url(), cannot understand another host than the
/// guard did: no user name, no backslash, no blank, no percent sign in the host, IPv4 only as four decimal numbers.
struct Target {
  bool secure = true;
  std::string host;                ///< lower case; IPv6 without brackets
  std::optional<Address> address;  ///< when the host is one
  std::uint16_t port = 443;
  std::string path;  ///< and query

  /// [throws: MalformedUrl]
  static Target parse(std::string_view url);

  /// host:port as URLs write it.
  std::string authority() const;
  std::string url() const { return (secure ? "https://" : "http://") + authority() + path; }
};

/// Reads a host as URLs write it: a name in lower case, four decimal numbers, or IPv6 in brackets.
/// [throws: MalformedUrl]
void readHost(std::string_view written, std::string& host, std::optional<Address>& address);

/// Nothing if it is no number from 1 to 65535 in digits.
std::optional<std::uint16_t> parsePort(std::string_view digits);

}  // namespace penstock::http_transport
