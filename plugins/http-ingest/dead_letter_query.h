#pragma once

#include "penstock/dead_letters.h"
#include "penstock/http.h"

#include <boost/json/object.hpp>

#include <variant>
#include <vector>

namespace penstock {

/// A replay of many, as a client asks for it.
struct ReplayOrder {
  DeadLetterFilter filter;
  std::uint64_t cap = 100;
  Duration spread{};
};

/// Reads the filter's parameters: reason, provider, cause, kind, customer, since, before, and age, which is how long
/// they have been dead at least at `now`. Every fault is added to `faults`; what it is about is then not in the filter.
/// [any thread]
DeadLetterFilter readFilter(const HttpRequest& request, WallTime now, std::vector<Fault>& faults);

/// Reads {"filter":{…},"cap":100,"spread":"10m"}; the filter takes the same names and `ids`. A member that is not known
/// is a fault, because without it more would be replayed than was meant. [any thread]
ReplayOrder readReplay(const boost::json::object& members, WallTime now, std::vector<Fault>& faults);

}  // namespace penstock
