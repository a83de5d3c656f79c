#include "redis-cache/url.h"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <sys/un.h>

#include <charconv>
#include <stdexcept>
#include <system_error>

namespace penstock::redis_cache {

namespace {

constexpr std::string_view kForms =
    "it is not redis://[user:password@]host[:port][/db], rediss://… or unix://[user:password@]/path[?db=n] (with "
    "%-escapes for anything but letters, digits and -._~)";
constexpr std::uint32_t kLastDatabase = 65535;
constexpr std::size_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1;

[[noreturn]] void refuse(std::string_view sentence) { throw std::invalid_argument(std::string(sentence)); }

template <typename Number>
Number number(std::string_view digits, Number last, std::string_view refusal) {
  Number value{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value > last) refuse(refusal);
  return value;
}

std::uint32_t database(std::string_view digits) {
  return number(digits, kLastDatabase, "its database is no number from 0 to 65535");
}

void readServer(const boost::urls::url_view& parts, Url& url) {
  if (parts.has_query()) refuse("it holds a ?, which only unix:// may");
  url.host = parts.host_address();
  if (url.host.empty()) refuse("it names no host");
  if (url.host.find('\0') != std::string::npos) refuse("its host holds a zero byte");
  const std::string port(parts.port());
  if (!port.empty()) url.port = number<std::uint16_t>(port, UINT16_MAX, "its port is no number from 1 to 65535");
  if (url.port == 0) refuse("its port is no number from 1 to 65535");
  const std::string path(parts.encoded_path());
  if (!path.empty() && path.front() != '/') refuse("its port is no number from 1 to 65535");
  if (path.size() > 1) url.database = database(std::string_view(path).substr(1));
}

void readSocket(const boost::urls::url_view& parts, Url& url) {
  if (parts.has_port() || !parts.host_address().empty()) refuse("its socket must follow as unix:///path");
  url.socket = parts.path();
  if (url.socket.size() < 2 || url.socket.size() > kLongestPath || url.socket.find('\0') != std::string::npos)
    refuse("its path is none of a socket, which has 2 to 107 bytes");
  if (!parts.has_query()) return;
  const std::string query(parts.encoded_query());
  if (!query.starts_with("db=")) refuse("it may only have ?db=n behind its path");
  url.database = database(std::string_view(query).substr(3));
}

}  // namespace

Url Url::parse(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) refuse(kForms);
  const boost::urls::url_view parts = *parsed;
  const std::string scheme(parts.scheme());
  if ((scheme != "redis" && scheme != "rediss" && scheme != "unix") || !parts.has_authority()) refuse(kForms);
  if (parts.has_fragment()) refuse("it holds a #; write it as %23");
  Url url;
  url.tls = scheme == "rediss";
  url.user = parts.user();
  url.password = Secret(parts.password());
  if (!url.user.empty() && url.password.empty()) refuse("it has a user without a password");
  if (scheme == "unix")
    readSocket(parts, url);
  else
    readServer(parts, url);
  return url;
}

std::string Url::place() const {
  if (!socket.empty()) return socket;
  return (host.find(':') == std::string::npos ? host : '[' + host + ']') + ':' + std::to_string(port);
}

}  // namespace penstock::redis_cache
