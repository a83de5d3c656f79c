#include "http/head.h"

#include "http/text.h"

#include <algorithm>
#include <cstring>

namespace penstock {
namespace {

constexpr std::size_t kRequestLineRest = 64;  // method, version and blanks beside the target

constexpr std::string_view kBareLineFeed = "Lines must end with CR LF.";
constexpr std::string_view kControl = "The head holds a control character.";

class HeadParser {
public:
  HeadParser(char* bytes, std::size_t begin, std::size_t end, const HeadLimits& limits, Head& head)
      : bytes_(bytes), next_(begin), end_(end), limits_(limits), head_(head) {}

  std::optional<Refusal> parse() {
    head_.clear();
    head_.size = end_;
    if (!requestLine()) return refusal_;
    while (next_ + 2 < end_)
      if (!field()) return refusal_;
    if (!framing()) return refusal_;
    return std::nullopt;
  }

private:
  bool refuse(RefusalCode code, std::string_view detail) {
    refusal_ = Refusal{code, detail, {}};
    return false;
  }

  /// The next line without its CRLF.
  Slice line() {
    const auto* feed = static_cast<const char*>(std::memchr(bytes_ + next_, '\n', end_ - next_));
    const auto stop = static_cast<std::size_t>(feed - bytes_);
    const Slice found = slice(next_, stop - 1);
    next_ = stop + 1;
    return found;
  }

  static Slice slice(std::size_t from, std::size_t to) {
    return {static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to - from)};
  }

  bool requestLine() {
    const std::string_view text = line().in(bytes_);
    const std::size_t first = text.find(' ');
    const std::size_t last = text.rfind(' ');
    if (first == std::string_view::npos || first == last)
      return refuse(RefusalCode::MalformedRequest, "The request line is not method, target and version.");
    const std::string_view target = text.substr(first + 1, last - first - 1);
    if (!isToken(text.substr(0, first))) return refuse(RefusalCode::MalformedRequest, "The method is not a token.");
    if (target.size() > limits_.max_target) return refuse(RefusalCode::UriTooLong, "The request target is too long.");
    if (target.empty() || !std::all_of(target.begin(), target.end(), isVisible) || target.find('#') != target.npos)
      return refuse(RefusalCode::BadTarget, "The request target holds a character that must be percent-encoded.");
    head_.verb = verb(text.substr(0, first));
    const auto at = static_cast<std::size_t>(target.data() - bytes_);
    head_.target = slice(at, at + target.size());
    return version(text.substr(last + 1));
  }

  bool version(std::string_view text) {
    if (text.size() != 8 || !text.starts_with("HTTP/") || !isDigit(text[5]) || text[6] != '.' || !isDigit(text[7]))
      return refuse(RefusalCode::MalformedRequest, "The request line does not end with an HTTP version.");
    if (text[5] != '1' || text[7] > '1')
      return refuse(RefusalCode::HttpVersion, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
    head_.http_1_0 = text[7] == '0';
    return true;
  }

  static Verb verb(std::string_view method) {
    if (method == "GET") return Verb::Get;
    if (method == "POST") return Verb::Post;
    if (method == "PUT") return Verb::Put;
    if (method == "DELETE") return Verb::Delete;
    if (method == "HEAD") return Verb::Head;
    if (method == "OPTIONS") return Verb::Options;
    return Verb::Other;
  }

  bool field() {
    const Slice all = line();
    char* const begin = bytes_ + all.at;
    char* const end = begin + all.size;
    char* colon = begin;
    while (colon != end && lowerToken(*colon) != '\0') {
      *colon = lowerToken(*colon);
      ++colon;
    }
    if (colon == end || *colon != ':') return refuse(RefusalCode::MalformedRequest, nameFault(begin, colon, end));
    if (colon == begin) return refuse(RefusalCode::MalformedRequest, "A header field has no name.");
    if (head_.fields.size() == limits_.max_fields)
      return refuse(RefusalCode::HeadersTooLarge, "There are too many header fields.");
    const char* from = colon + 1;
    const char* to = end;
    while (from != to && isBlank(*from)) ++from;
    while (to != from && isBlank(*(to - 1))) --to;
    if (!std::all_of(from, to, isFieldByte)) return refuse(RefusalCode::MalformedRequest, kControl);
    head_.fields.push_back({slice(all.at, static_cast<std::size_t>(colon - bytes_)),
                            slice(static_cast<std::size_t>(from - bytes_), static_cast<std::size_t>(to - bytes_))});
    return true;
  }

  static std::string_view nameFault(const char* begin, const char* at, const char* end) {
    if (at == begin && isBlank(*at)) return "A header field continues on the next line.";
    if (at != end && isBlank(*at)) return "There is white space in or after a header field's name.";
    return "A header field's name is not a token followed by a colon.";
  }

  bool framing() {
    std::size_t hosts = 0;
    std::size_t lengths = 0;
    std::size_t codings = 0;
    std::size_t types = 0;
    bool close = false;
    bool keep = false;
    for (const Head::Field& entry : head_.fields) {
      const std::string_view name = entry.name.in(bytes_);
      const std::string_view value = entry.value.in(bytes_);
      if (name == "host") {
        ++hosts;
        if (!isHost(value)) return refuse(RefusalCode::BadFraming, "The Host field is not a host name and port.");
      } else if (name == "content-length") {
        if (++lengths > 1) return refuse(RefusalCode::BadFraming, "There is more than one Content-Length.");
        if (!contentLength(value)) return false;
      } else if (name == "transfer-encoding") {
        if (++codings > 1 || value != "chunked")
          return refuse(RefusalCode::BadFraming, "Transfer-Encoding may only be chunked.");
        head_.chunked = true;
      } else if (name == "content-type") {
        if (++types > 1) return refuse(RefusalCode::BadFraming, "There is more than one Content-Type.");
      } else if (name == "connection") {
        if (!isTokenList(value)) return refuse(RefusalCode::MalformedRequest, "Connection is not a list of tokens.");
        close = close || listHas(value, "close");
        keep = keep || listHas(value, "keep-alive");
      } else if (name == "expect" && !head_.http_1_0) {
        (equalIgnoringCase(value, "100-continue") ? head_.expects_continue : head_.expects_other) = true;
      }
    }
    if (lengths > 0 && codings > 0)
      return refuse(RefusalCode::BadFraming, "Content-Length and Transfer-Encoding exclude each other.");
    if (codings > 0 && head_.http_1_0)
      return refuse(RefusalCode::BadFraming, "HTTP/1.0 does not know Transfer-Encoding.");
    if (hosts > 1) return refuse(RefusalCode::BadFraming, "There is more than one Host.");
    if (hosts == 0 && !head_.http_1_0) return refuse(RefusalCode::BadFraming, "The Host field is missing.");
    head_.keep_alive = !close && (keep || !head_.http_1_0);
    return true;
  }

  bool contentLength(std::string_view value) {
    constexpr std::size_t kMostDigits = 18;
    if (value.empty() || !std::all_of(value.begin(), value.end(), isDigit))
      return refuse(RefusalCode::BadFraming, "Content-Length is not a number.");
    value.remove_prefix(std::min(value.find_first_not_of('0'), value.size()));
    if (value.size() > kMostDigits) return refuse(RefusalCode::BadFraming, "Content-Length is out of range.");
    for (const char digit : value)
      head_.content_length = head_.content_length * 10 + static_cast<unsigned>(digit - '0');
    return true;
  }

  char* bytes_;
  std::size_t next_;
  std::size_t end_;
  const HeadLimits& limits_;
  Head& head_;
  Refusal refusal_;
};

}  // namespace

HeadScanner::Found HeadScanner::scan(std::string_view bytes, const HeadLimits& limits) {
  for (;;) {
    const auto* feed = static_cast<const char*>(std::memchr(bytes.data() + next_, '\n', bytes.size() - next_));
    if (feed == nullptr) return endOfBytes(bytes, limits);
    const auto at = static_cast<std::size_t>(feed - bytes.data());
    if (at == line_ || bytes[at - 1] != '\r') return refuse(RefusalCode::MalformedRequest, kBareLineFeed);
    const bool empty = at == line_ + 1;
    line_ = next_ = at + 1;
    if (!empty) {
      ++lines_;
    } else if (lines_ > 0) {
      end_ = line_;
      if (end_ - begin_ > limits.max_bytes) return refuse(RefusalCode::HeadersTooLarge, "The head is too large.");
      return Found::Head;
    } else if (begin_ > 0) {
      return refuse(RefusalCode::MalformedRequest, "There are empty lines before the request line.");
    } else {
      begin_ = line_;
    }
  }
}

HeadScanner::Found HeadScanner::endOfBytes(std::string_view bytes, const HeadLimits& limits) {
  for (std::size_t at = next_; at < bytes.size(); ++at) {
    const bool last = at + 1 == bytes.size();
    if (!isFieldByte(bytes[at]) && !(bytes[at] == '\r' && last)) return refuse(RefusalCode::MalformedRequest, kControl);
  }
  // A CR that ends the bytes is looked at again, with what follows it.
  next_ = bytes.ends_with('\r') ? bytes.size() - 1 : bytes.size();
  if (lines_ == 0 && bytes.size() - line_ > limits.max_target + kRequestLineRest)
    return refuse(RefusalCode::UriTooLong, "The request target is too long.");
  if (bytes.size() - begin_ >= limits.max_bytes) return refuse(RefusalCode::HeadersTooLarge, "The head is too large.");
  return Found::More;
}

HeadScanner::Found HeadScanner::refuse(RefusalCode code, std::string_view detail) {
  refusal_ = Refusal{code, detail, {}};
  return Found::Bad;
}

std::optional<Refusal> parseHead(char* bytes, std::size_t begin, std::size_t end, const HeadLimits& limits,
                                 Head& head) {
  return HeadParser(bytes, begin, end, limits, head).parse();
}

bool isField(std::string_view line) {
  const std::size_t colon = line.find(':');
  return colon != std::string_view::npos && isToken(line.substr(0, colon)) &&
         std::all_of(line.begin() + static_cast<std::ptrdiff_t>(colon), line.end(), isFieldByte);
}

}  // namespace penstock
