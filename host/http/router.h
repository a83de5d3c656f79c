#pragma once

#include "http/head.h"
#include "penstock/http.h"
#include "penstock/metrics.h"

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace penstock {

/// The routes of one listener. Filled before the loops start, read by all of them afterwards.
class Router {
public:
  struct Entry {
    Route route;
    Histogram* seconds = nullptr;
  };
  struct Match {
    Entry* entry = nullptr;   ///< null: no route of this path takes the method, or none has the path
    std::string_view allow;   ///< the path's methods; empty: no route has the path
    bool bad_escape = false;  ///< the path is not percent-encoded UTF-8
  };

  /// [throws: std::invalid_argument when the route is taken or malformed]
  void add(Route route, Histogram& seconds);

  /// The route of the path's closest pattern: from left to right a literal segment wins over a {name}. Fills
  /// `parameters` with the decoded segments that stand for names.
  Match find(Verb verb, std::string_view path, std::vector<std::string>& parameters);

private:
  struct Segment {
    std::string_view literal;
    bool named = false;
    bool operator==(const Segment&) const = default;
  };
  struct Pattern {
    std::vector<Segment> segments;
    std::array<std::unique_ptr<Entry>, 4> entries;  ///< by Method
    std::string allow;
  };

  static std::vector<Segment> split(std::string_view pattern);
  static bool closer(const Pattern& left, const Pattern& right);
  static bool matches(const Pattern& pattern, const std::vector<std::string>& segments);
  Pattern& patternFor(std::string_view text);
  Match match(Pattern& pattern, Verb verb) const;

  std::vector<std::unique_ptr<Pattern>> patterns_;  ///< closest first
  std::unordered_map<std::string_view, Pattern*> literals_;
};

}  // namespace penstock
