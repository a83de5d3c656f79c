#include "http/router.h"

#include "http/target.h"

#include <algorithm>
#include <stdexcept>

namespace penstock {
namespace {

constexpr std::array<std::string_view, 4> kMethods{"GET", "POST", "PUT", "DELETE"};

std::optional<Method> methodOf(Verb verb) {
  switch (verb) {
    case Verb::Get:
    case Verb::Head:
      return Method::Get;
    case Verb::Post:
      return Method::Post;
    case Verb::Put:
      return Method::Put;
    case Verb::Delete:
      return Method::Delete;
    case Verb::Options:
    case Verb::Other:
      break;
  }
  return std::nullopt;
}

std::invalid_argument refused(std::string_view pattern, std::string_view why) {
  return std::invalid_argument("route " + std::string(pattern) + " " + std::string(why));
}

}  // namespace

void Router::add(Route route, Histogram& seconds) {
  if (!route.handler) throw refused(route.pattern, "has no handler");
  Pattern& pattern = patternFor(route.pattern);
  const auto method = static_cast<std::size_t>(route.method);
  if (pattern.entries[method] != nullptr)
    throw refused(route.pattern, "already answers " + std::string(kMethods[method]));
  pattern.entries[method] = std::make_unique<Entry>(Entry{std::move(route), &seconds});
  pattern.allow.clear();
  for (std::size_t i = 0; i < kMethods.size(); ++i) {
    if (pattern.entries[i] == nullptr) continue;
    if (!pattern.allow.empty()) pattern.allow.append(", ");
    pattern.allow.append(kMethods[i]);
    if (kMethods[i] == "GET") pattern.allow.append(", HEAD");
  }
}

Router::Pattern& Router::patternFor(std::string_view text) {
  std::vector<Segment> segments = split(text);
  for (const auto& pattern : patterns_)
    if (pattern->segments == segments) return *pattern;
  auto made = std::make_unique<Pattern>();
  made->segments = std::move(segments);
  Pattern& pattern = *made;
  patterns_.push_back(std::move(made));
  std::stable_sort(patterns_.begin(), patterns_.end(),
                   [](const auto& left, const auto& right) { return closer(*left, *right); });
  if (std::none_of(pattern.segments.begin(), pattern.segments.end(), [](const Segment& part) { return part.named; }))
    literals_.emplace(text, &pattern);
  return pattern;
}

std::vector<Router::Segment> Router::split(std::string_view pattern) {
  if (!pattern.starts_with('/')) throw refused(pattern, "does not start with a slash");
  std::vector<Segment> segments;
  for (std::string_view rest = pattern; !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(part.size());
    const bool named = part.size() > 2 && part.starts_with('{') && part.ends_with('}');
    if (!named && part.find_first_of("{}%?#") != part.npos) throw refused(pattern, "has a malformed segment");
    segments.push_back({named ? std::string_view{} : part, named});
  }
  return segments;
}

bool Router::closer(const Pattern& left, const Pattern& right) {
  for (std::size_t i = 0; i < std::min(left.segments.size(), right.segments.size()); ++i)
    if (left.segments[i].named != right.segments[i].named) return right.segments[i].named;
  return false;
}

bool Router::matches(const Pattern& pattern, const std::vector<std::string>& segments) {
  return std::equal(pattern.segments.begin(), pattern.segments.end(), segments.begin(), segments.end(),
                    [](const Segment& wanted, const std::string& segment) {
                      return wanted.named ? !segment.empty() : wanted.literal == segment;
                    });
}

Router::Match Router::match(Pattern& pattern, Verb verb) const {
  const std::optional<Method> method = methodOf(verb);
  Match match{nullptr, pattern.allow};
  if (method) match.entry = pattern.entries[static_cast<std::size_t>(*method)].get();
  return match;
}

Router::Match Router::find(Verb verb, std::string_view path, std::vector<std::string>& parameters) {
  parameters.clear();
  const auto literal = literals_.find(path);
  if (literal != literals_.end()) return match(*literal->second, verb);

  std::vector<std::string> segments;
  for (std::string_view rest = path; rest.starts_with('/');) {
    rest.remove_prefix(1);
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(part.size());
    if (!percentDecode(part, false, segments.emplace_back())) return Match{nullptr, {}, true};
  }
  for (const auto& pattern : patterns_) {
    if (!matches(*pattern, segments)) continue;
    for (std::size_t i = 0; i < segments.size(); ++i)
      if (pattern->segments[i].named) parameters.push_back(std::move(segments[i]));
    return match(*pattern, verb);
  }
  return {};
}

}  // namespace penstock
