#include "metrics/negotiation.h"

#include <Poco/String.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace penstock {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

/// Cuts the part before the separator off the front of `rest`.
std::string_view next(std::string_view& rest, char separator) {
  const auto end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return trimmed(part);
}

double quality(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = next(parameters, ';');
    if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
    double value = 0;
    std::from_chars(parameter.data() + 2, parameter.data() + parameter.size(), value);
    return value >= 0 && value <= 1 ? value : 0;
  }
  return 1;
}

/// How much one media type is wanted, by the most specific range that fits it.
class Wish {
public:
  Wish(std::string_view type, std::string_view subtype)
      : type_(std::string(type) + "/*"), whole_(std::string(type) + "/" + std::string(subtype)) {}

  void consider(const std::string& range, double quality) {
    const int fits = range == whole_ ? 3 : range == type_ ? 2 : range == "*/*" ? 1 : 0;
    if (fits == 0 || fits < specific_) return;
    quality_ = fits > specific_ ? quality : std::max(quality_, quality);
    specific_ = fits;
  }
  double quality() const { return quality_; }
  bool byName() const { return specific_ == 3; }

private:
  std::string type_;
  std::string whole_;
  int specific_ = 0;
  double quality_ = 0;
};

}  // namespace

Format preferredFormat(const HttpRequest& request) {
  Wish json("application", "json");
  Wish text("text", "plain");
  for (const auto& [name, value] : request.headers) {
    if (name != "accept") continue;
    for (std::string_view rest = value; !rest.empty();) {
      std::string_view parameters = next(rest, ',');
      const std::string range = Poco::toLower(std::string(next(parameters, ';')));
      const double wanted = quality(parameters);
      json.consider(range, wanted);
      text.consider(range, wanted);
    }
  }
  if (json.quality() <= 0) return Format::Text;
  const bool preferred = json.quality() > text.quality() || (json.quality() == text.quality() && json.byName());
  return preferred ? Format::Json : Format::Text;
}

}  // namespace penstock
