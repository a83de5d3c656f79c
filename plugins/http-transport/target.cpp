#include "http-transport/target.h"

#include <algorithm>
#include <charconv>

namespace penstock::http_transport {
namespace {

constexpr std::size_t kLongestUrl = 8192;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }

bool takeScheme(std::string_view& url, std::string_view scheme) {
  if (url.size() < scheme.size()) return false;
  for (std::size_t i = 0; i < scheme.size(); ++i)
    if (lower(url[i]) != scheme[i]) return false;
  url.remove_prefix(scheme.size());
  return true;
}

// Whatever resolvers may take for a number: the last label is one in any base (RFC 3986, WHATWG URL).
bool looksNumeric(std::string_view host) {
  const std::string_view last = host.substr(host.rfind('.') + 1);
  return last.starts_with("0x") || std::all_of(last.begin(), last.end(), isDigit);
}

void checkLabels(std::string_view host) {
  if (host.empty() || host.size() > 253) throw MalformedUrl("the URL's host is empty or longer than 253 characters");
  for (std::string_view rest = host;;) {
    const auto dot = rest.find('.');
    const std::string_view label = rest.substr(0, dot);
    const bool sane = std::all_of(label.begin(), label.end(),
                                  [](char c) { return (c >= 'a' && c <= 'z') || isDigit(c) || c == '-' || c == '_'; });
    if (label.empty() || label.size() > 63 || !sane || label.front() == '-')
      throw MalformedUrl("the URL's host is no host name");
    if (dot == std::string_view::npos) return;
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace

std::optional<std::uint16_t> parsePort(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0 || digits.front() == '0')
    return std::nullopt;
  return port;
}

void readHost(std::string_view written, std::string& host, std::optional<Address>& address) {
  if (written.starts_with('[')) {
    if (!written.ends_with(']')) throw MalformedUrl("the URL's host has a bracket that does not end it");
    address = parseAddress(std::string(written.substr(1, written.size() - 2)));
    if (!address || !address->v6) throw MalformedUrl("the URL's host in brackets is no IPv6 address");
    host = toText(*address);
    return;
  }
  host.assign(written);
  std::transform(host.begin(), host.end(), host.begin(), lower);
  checkLabels(host);
  address.reset();
  if (!looksNumeric(host)) return;
  address = parseAddress(host);
  if (!address) throw MalformedUrl("the URL's host is a number, but not an address of four decimal numbers");
}

Target Target::parse(std::string_view url) {
  if (url.size() > kLongestUrl) throw MalformedUrl("the URL is longer than 8192 characters");
  const bool printable = std::all_of(url.begin(), url.end(), [](char c) {
    return c > 0x20 && c < 0x7F && std::string_view("\\\"<>^`{|}").find(c) == std::string_view::npos;
  });
  if (!printable) throw MalformedUrl("the URL has a character that must be percent-encoded");
  if (url.find('#') != std::string_view::npos) throw MalformedUrl("the URL has a fragment");
  Target target;
  if (!takeScheme(url, "https://")) {
    if (!takeScheme(url, "http://")) throw MalformedUrl("the URL starts with neither https:// nor http://");
    target.secure = false;
    target.port = 80;
  }
  const auto end = std::min(url.find_first_of("/?"), url.size());
  std::string_view authority = url.substr(0, end);
  const std::string_view rest = url.substr(end);
  if (authority.find('@') != std::string_view::npos) throw MalformedUrl("the URL has a user name");
  // A colon after the bracket, or the only one.
  const auto colon =
      authority.find(':', authority.starts_with('[') ? std::min(authority.find(']'), authority.size()) : 0);
  if (colon != std::string_view::npos) {
    const auto port = parsePort(authority.substr(colon + 1));
    if (!port) throw MalformedUrl("the URL's port is no number from 1 to 65535");
    target.port = *port;
    authority = authority.substr(0, colon);
  }
  readHost(authority, target.host, target.address);
  target.path = rest.starts_with('/') ? std::string(rest) : '/' + std::string(rest);
  return target;
}

std::string Target::authority() const {
  return (address && address->v6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

}  // namespace penstock::http_transport
