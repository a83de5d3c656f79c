#include "http-transport/transfer.h"

#include <sys/socket.h>
#include <algorithm>
#include <array>
#include <new>

namespace penstock::http_transport {
namespace {

constexpr std::size_t kMostHeaderBytes = 32 * 1024;
constexpr long kReadBytes = 4096;  // of each request that waits; answers are short

constexpr std::string_view kMethods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

// They frame the message or belong to the connection (RFC 9110, section 7.6.1).
constexpr std::string_view kOwnHeaders[] = {
    "host",    "content-length", "transfer-encoding", "connection",          "expect",        "keep-alive", "te",
    "trailer", "upgrade",        "proxy-connection",  "proxy-authorization", "http2-settings"};

std::string lowered(std::string_view text) {
  std::string copy(text);
  for (char& c : copy)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return copy;
}

bool isToken(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool isFieldValue(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

template <typename Value>
void set(CURL* easy, CURLoption option, Value value) {
  if (curl_easy_setopt(easy, option, value) != CURLE_OK) throw std::bad_alloc();
}

long milliseconds(Duration span) { return std::max(1L, static_cast<long>(span.count() / 1000)); }

SendFault faultOf(CURLcode code, bool handed_over) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return SendFault::Unresolved;
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:  // of connecting; the deadline is not libcurl's
    case CURLE_PROXY:
      return SendFault::Unreachable;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CIPHER:
      return SendFault::Untrusted;
    default:
      return handed_over ? SendFault::Broken : SendFault::Unreachable;
  }
}

}  // namespace

std::optional<std::string> refuseRequest(const OutboundRequest& request) {
  if (std::find(std::begin(kMethods), std::end(kMethods), request.method) == std::end(kMethods))
    return "the method is none of GET, POST, PUT, PATCH, DELETE";
  for (const auto& [name, value] : request.headers) {
    if (!isToken(name)) return "a header's name is empty or has a character that none may have";
    const std::string key = lowered(name);
    if (std::find(std::begin(kOwnHeaders), std::end(kOwnHeaders), key) != std::end(kOwnHeaders))
      return "the header " + key + " is the transport's own";
    if (!isFieldValue(value)) return "the value of the header " + key + " has a control character";
  }
  return std::nullopt;
}

void Transfer::append(List& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  static_cast<void>(list.release());
  list.reset(longer);
}

CURL* Transfer::prepare(const TransferSettings& settings, const Proxy* proxy, std::vector<Address> addresses,
                        const Clock& clock) {
  clock_ = &clock;
  addresses_ = std::move(addresses);
  max_response_ = settings.max_response;
  easy_.reset(curl_easy_init());
  if (!easy_) throw std::bad_alloc();
  setRequest();
  setConnection(settings, proxy);
  return easy_.get();
}

void Transfer::setRequest() {
  CURL* easy = easy_.get();
  set(easy, CURLOPT_URL, target.url().c_str());
  set(easy, CURLOPT_PATH_AS_IS, 1L);
  set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  bool typed = false;
  for (const auto& [name, value] : request.headers) {
    typed = typed || lowered(name) == "content-type";
    append(header_list_, trimmed(value).empty() ? name + ';' : name + ": " + value);
  }
  if (request.method != "GET" || !request.body.empty()) {
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(easy, CURLOPT_POSTFIELDS, request.body.c_str());
    if (!typed) append(header_list_, "Content-Type:");
    append(header_list_, "Expect:");
  }
  set(easy, CURLOPT_HTTPHEADER, header_list_.get());
  set(easy, CURLOPT_USERAGENT, "Penstock");
  set(easy, CURLOPT_PRIVATE, static_cast<void*>(this));
  set(easy, CURLOPT_HEADERFUNCTION, &Transfer::readHeader);
  set(easy, CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(easy, CURLOPT_BUFFERSIZE, kReadBytes);
  set(easy, CURLOPT_WRITEFUNCTION, &Transfer::readBody);
  set(easy, CURLOPT_WRITEDATA, static_cast<void*>(this));
}

void Transfer::setConnection(const TransferSettings& settings, const Proxy* proxy) {
  CURL* easy = easy_.get();
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_PROTOCOLS_STR, target.secure ? "https" : "http");
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!settings.ca_file.empty()) set(easy, CURLOPT_CAINFO, settings.ca_file.c_str());
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(settings.connect_timeout));
  set(easy, CURLOPT_MAXAGE_CONN, std::max(1L, static_cast<long>(settings.idle_timeout.count() / 1000000)));
  // Set even without one, or libcurl takes it from the environment.
  set(easy, CURLOPT_PROXY, proxy == nullptr ? "" : proxy->url.c_str());
  set(easy, CURLOPT_NOPROXY, "");
  set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (proxy != nullptr || !target.address) {
    // With + it ages like any other entry instead of staying for ever.
    std::string entry =
        '+' + (proxy ? proxy->host : target.host) + ':' + std::to_string(proxy ? proxy->port : target.port) + ':';
    for (const Address& address : addresses_)
      entry +=
          (&address == addresses_.data() ? "" : ",") + (address.v6 ? '[' + toText(address) + ']' : toText(address));
    append(resolve_list_, entry);
    set(easy, CURLOPT_RESOLVE, resolve_list_.get());
  }
  set(easy, CURLOPT_OPENSOCKETFUNCTION, &Transfer::openSocket);
  set(easy, CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
  set(easy, CURLOPT_PREREQFUNCTION, &Transfer::beforeRequest);
  set(easy, CURLOPT_PREREQDATA, static_cast<void*>(this));
}

// Whatever libcurl made of the host, it gets a socket for the addresses that were checked only.
curl_socket_t Transfer::openSocket(void* self, curlsocktype purpose, curl_sockaddr* address) noexcept {
  auto& transfer = *static_cast<Transfer*>(self);
  const auto wanted = addressOf(&address->addr);
  const auto& known = transfer.addresses_;
  if (purpose != CURLSOCKTYPE_IPCXN || !wanted || std::find(known.begin(), known.end(), *wanted) == known.end()) {
    transfer.foreign_address_ = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// libcurl calls it on a connection that stands, before the first byte of the request, and again before it sends the
// request a second time on a fresh connection because the reused one had closed, or for reasons of HTTP/2.
int Transfer::beforeRequest(void* self, char*, char*, int, int) noexcept {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.late_ = transfer.clock_->now() >= transfer.deadline;
  if (transfer.late_) return CURL_PREREQFUNC_ABORT;
  transfer.repeated_ = std::exchange(transfer.handed_over_, true);
  return transfer.repeated_ ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

std::size_t Transfer::readHeader(char* line, std::size_t size, std::size_t count, void* self) noexcept {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.header_bytes_ += size * count;
  if (transfer.header_bytes_ > kMostHeaderBytes) return 0;
  try {
    transfer.takeHeader({line, size * count});
  } catch (const std::bad_alloc&) {
    return 0;
  }
  return size * count;
}

void Transfer::takeHeader(std::string_view line) {
  // A status line; those of 1xx come before the one that counts. Trailers come after the body and are left out.
  if (line.starts_with("HTTP/")) {
    head_ended_ = false;
    return response_.headers.clear();
  }
  head_ended_ = head_ended_ || trimmed(line).empty();
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !response_.body.empty()) return;
  response_.headers.emplace_back(lowered(trimmed(line.substr(0, colon))), trimmed(line.substr(colon + 1)));
}

std::size_t Transfer::readBody(char* piece, std::size_t size, std::size_t count, void* self) noexcept {
  auto& transfer = *static_cast<Transfer*>(self);
  OutboundResponse& response = transfer.response_;
  const std::size_t bytes = size * count;
  const std::size_t room = transfer.max_response_ - response.body.size();
  try {
    response.body.append(piece, std::min(room, bytes));
  } catch (const std::bad_alloc&) {
    return CURL_WRITEFUNC_ERROR;
  }
  response.truncated = bytes > room;
  return response.truncated ? CURL_WRITEFUNC_ERROR : bytes;
}

SendOutcome Transfer::outcome(CURLcode code) const {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  // libcurl takes a head that breaks off for a whole one.
  if ((code == CURLE_OK && status >= 200 && head_ended_) || response_.truncated) {
    OutboundResponse answer = response_;
    answer.status = static_cast<unsigned>(status);
    return answer;
  }
  const std::string host = target.authority();
  if (foreign_address_)
    return failure(SendFault::Forbidden, host + " was to be reached by an address that had not been checked");
  if (late_) return failure(SendFault::TimedOut, host + " was not reached by the deadline");
  if (repeated_) return failure(SendFault::Broken, host + " closed the connection before it answered");
  if (header_bytes_ > kMostHeaderBytes)
    return failure(SendFault::Broken, host + " answered with more than 32 KB of header fields");
  if (code == CURLE_OK) return failure(SendFault::Broken, host + " gave no final answer");
  return failure(faultOf(code, handed_over_), host + ": " + curl_easy_strerror(code));
}

SendFailure Transfer::failure(SendFault fault, std::string sentence) const {
  return {fault, std::move(sentence), handed_over_, {}};
}

}  // namespace penstock::http_transport
