#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// The names under which a family shows as JSON: its own (of a histogram name_count and name_sum), and each again
/// without penstock_ and _total. No two families may share one.
std::vector<std::string> exposedNames(std::string_view name, prometheus::MetricType type);

/// One flat object as Exposition::json promises. Whole numbers are written as integers, what JSON cannot write (NaN,
/// infinity) as null.
std::string flatJson(const std::vector<prometheus::MetricFamily>& families);

}  // namespace penstock
