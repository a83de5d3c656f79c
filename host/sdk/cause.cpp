#include "penstock/dead_letters.h"

#include <algorithm>

namespace penstock {
namespace {

constexpr char kVaries = '#';
constexpr std::size_t kHashBytes = 8;
constexpr std::size_t kHexWord = 8;  // a word of so many letters from a to f is no word of a language

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isHex(char c) { return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool isLetterOrDigit(char c) {
  return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool isBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool isQuote(char c) { return c == '"' || c == '\'' || c == '`'; }
bool endsToken(char c) {
  return isBlank(c) || isQuote(c) || std::string_view("(){}<>;,|=").find(c) != std::string_view::npos;
}
bool endsUrl(char c) {
  return isBlank(c) || isQuote(c) || std::string_view("(){}<>").find(c) != std::string_view::npos;
}
bool joinsNumbers(char c) { return std::string_view(".:,-/+").find(c) != std::string_view::npos; }

/// An e-mail address, a URL, or an IPv6 address.
bool isAddress(std::string_view token) {
  const std::size_t at = token.find('@');
  if (at != std::string_view::npos && at > 0 && at + 1 < token.size()) return true;
  if (token.find("://") != std::string_view::npos) return true;
  return std::count(token.begin(), token.end(), ':') >= 2 && std::all_of(token.begin(), token.end(), [](char c) {
           return isHex(c) || std::string_view(":.[]").find(c) != std::string_view::npos;
         });
}

/// Whether letters and digits are a number in hexadecimal digits.
bool isHexNumber(std::string_view piece) {
  const bool marked = piece.size() > 2 && piece[0] == '0' && (piece[1] == 'x' || piece[1] == 'X');
  if (marked) return std::all_of(piece.begin() + 2, piece.end(), isHex);
  return std::all_of(piece.begin(), piece.end(), isHex) &&
         (piece.size() >= kHexWord || std::any_of(piece.begin(), piece.end(), isDigit));
}

/// The text with one sign for each thing that varies.
class Outline {
public:
  explicit Outline(std::string_view reason) : rest_(reason) {
    out_.reserve(reason.size());
    while (!rest_.empty()) step();
    if (out_.ends_with(' ')) out_.pop_back();
  }
  const std::string& text() const { return out_; }

private:
  void step() {
    const char c = rest_.front();
    if (isBlank(c)) return blank();
    if (isQuote(c) && quoted()) return;
    if (endsToken(c)) return copy(1);
    const std::string_view token = nextToken();
    if (Uuid::parse(token) || isAddress(token)) return varies(token.size());
    for (const std::size_t left = rest_.size() - token.size(); rest_.size() > left;) piece(rest_.size() - left);
  }

  /// Up to what ends it, without the punctuation of the sentence around it.
  std::string_view nextToken() const {
    const auto until = [this](bool (*ends)(char)) {
      return rest_.substr(0, static_cast<std::size_t>(std::find_if(rest_.begin(), rest_.end(), ends) - rest_.begin()));
    };
    std::string_view token = until(endsToken);
    if (token.find("://") != std::string_view::npos) token = until(endsUrl);
    while (token.size() > 1 && std::string_view(".:!?,;").find(token.back()) != std::string_view::npos)
      token.remove_suffix(1);
    return token;
  }

  void blank() {
    if (!out_.empty() && out_.back() != ' ') out_.push_back(' ');
    rest_.remove_prefix(1);
  }

  /// What stands in quotes; an apostrophe within a word is none.
  bool quoted() {
    const char quote = rest_.front();
    if (quote == '\'' && !out_.empty() && isLetterOrDigit(out_.back())) return false;
    const std::size_t end = rest_.find(quote, 1);
    if (end == std::string_view::npos) return false;
    varies(end + 1);
    return true;
  }

  /// The next letters and digits of a token of which so much is left, or the sign before them.
  void piece(std::size_t left) {
    const std::string_view token = rest_.substr(0, left);
    const auto end =
        static_cast<std::size_t>(std::find_if_not(token.begin(), token.end(), isLetterOrDigit) - token.begin());
    if (end == 0) return copy(1);
    if (isHexNumber(token.substr(0, end))) return varies(end);
    const bool digit = isDigit(token.front());
    std::size_t run = 1;
    while (run < end && isDigit(token[run]) == digit) ++run;
    if (digit)
      varies(run);
    else
      copy(run);
  }

  /// Numbers that are joined to one, such as 10.0.0.1:5432, count as one.
  void varies(std::size_t bytes) {
    rest_.remove_prefix(bytes);
    const std::size_t size = out_.size();
    if (size > 0 && out_[size - 1] == kVaries) return;
    if (size > 1 && out_[size - 2] == kVaries && joinsNumbers(out_[size - 1])) return out_.pop_back();
    out_.push_back(kVaries);
  }

  void copy(std::size_t bytes) {
    out_.append(rest_.substr(0, bytes));
    rest_.remove_prefix(bytes);
  }

  std::string_view rest_;
  std::string out_;
};

}  // namespace

std::string causeOf(std::string_view reason) {
  const auto hash = sha256(Outline(reason).text());
  return hex({reinterpret_cast<const char*>(hash.data()), kHashBytes});
}

}  // namespace penstock
