#include "metrics/flat_json.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <cmath>
#include <cstdint>

namespace penstock {
namespace {

std::string shortName(std::string_view name) {
  constexpr std::string_view prefix = "penstock_";
  constexpr std::string_view suffix = "_total";
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
  return std::string(name);
}

boost::json::value number(double value) {
  constexpr double exact = 9007199254740992.0;  // 2^53
  if (!std::isfinite(value)) return nullptr;
  if (std::trunc(value) == value && std::abs(value) <= exact) return static_cast<std::int64_t>(value);
  return value;
}

/// In the order of exposedNames, each value once.
std::vector<double> sums(const prometheus::MetricFamily& family) {
  if (family.type == prometheus::MetricType::Histogram) {
    double count = 0;
    double sum = 0;
    for (const auto& metric : family.metric) {
      count += static_cast<double>(metric.histogram.sample_count);
      sum += metric.histogram.sample_sum;
    }
    return {count, sum};
  }
  double sum = 0;
  for (const auto& metric : family.metric)
    sum += family.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value;
  return {sum};
}

std::vector<std::string> fullNames(std::string_view name, prometheus::MetricType type) {
  if (type == prometheus::MetricType::Histogram) return {std::string(name) + "_count", std::string(name) + "_sum"};
  return {std::string(name)};
}

}  // namespace

std::vector<std::string> exposedNames(std::string_view name, prometheus::MetricType type) {
  std::vector<std::string> names;
  for (std::string& full : fullNames(name, type)) {
    std::string brief = shortName(full);
    if (brief != full) names.push_back(std::move(brief));
    names.push_back(std::move(full));
  }
  return names;
}

std::string flatJson(const std::vector<prometheus::MetricFamily>& families) {
  boost::json::object object;
  for (const auto& family : families) {
    const std::vector<double> values = sums(family);
    const std::vector<std::string> names = fullNames(family.name, family.type);
    for (std::size_t i = 0; i < values.size(); ++i) {
      object[names[i]] = number(values[i]);
      object[shortName(names[i])] = number(values[i]);
    }
  }
  return boost::json::serialize(object);
}

}  // namespace penstock
