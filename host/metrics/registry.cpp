#include "metrics/registry.h"

#include "metrics/bounds.h"
#include "metrics/flat_json.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <stdexcept>

namespace penstock {
namespace {

constexpr CounterSpec kCollectFailures{"penstock_metrics_collect_failures_total",
                                       "Collection callbacks that failed; their gauges kept the values before."};

using Label = prometheus::ClientMetric::Label;

// https://prometheus.io/docs/concepts/data_model/; le is what a histogram's buckets are labelled with.
bool isLabelName(std::string_view name) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name != "le" && !name.starts_with("__") && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), allowed);
}

bool sameName(const Label& one, const Label& other) { return one.name == other.name; }

std::vector<Label> sorted(std::string_view metric, Labels labels) {
  std::vector<Label> list;
  for (const auto& [name, value] : labels) {
    if (!isLabelName(name))
      throw std::logic_error(std::string(metric) + ": " + std::string(name) + " cannot be a label's name");
    list.push_back({std::string(name), std::string(value)});
  }
  std::sort(list.begin(), list.end());
  if (std::adjacent_find(list.begin(), list.end(), sameName) != list.end())
    throw std::logic_error(std::string(metric) + ": a label is given twice");
  return list;
}

}  // namespace

class Registry::Registration final : public Collection {
public:
  Registration(Collectors& collectors, std::uint64_t number) : collectors_(collectors), number_(number) {}
  ~Registration() override {
    std::lock_guard guard(collectors_.mutex);
    collectors_.by_number.erase(number_);
  }

private:
  Collectors& collectors_;
  std::uint64_t number_;
};

Registry::Registry() : failures_(counter(kCollectFailures)) {}
Registry::~Registry() = default;

Registry::Family& Registry::familyOf(Families& families, const MetricSpec& spec, const Family& like) {
  const auto found = families.by_name.find(spec.name);
  if (found != families.by_name.end()) {
    const Family& known = found->second;
    if (known.type != like.type || known.help != like.help || known.buckets != like.buckets)
      throw std::logic_error(std::string(spec.name) + " is already declared with another type, help or buckets");
    return found->second;
  }
  // TextSerializer writes the help as it is.
  if (spec.help.find_first_of("\n\\") != std::string_view::npos)
    throw std::logic_error(std::string(spec.name) + ": its help holds a line break or a backslash");
  const std::string name(spec.name);
  const std::vector<std::string> exposed = exposedNames(name, like.type);
  for (const std::string& key : exposed)
    if (const auto taken = families.exposed.find(key); taken != families.exposed.end())
      throw std::logic_error(name + " and " + taken->second + " would both show as " + key + "; rename one");
  for (const std::string& key : exposed) families.exposed.emplace(key, name);
  Family& family = families.by_name[name];
  family.help = like.help;
  family.type = like.type;
  family.buckets = like.buckets;
  return family;
}

template <typename Series, typename... Arguments>
Series& Registry::declare(const MetricSpec& spec, Labels labels, const Family& like, Arguments&&... arguments) {
  LabelList list = sorted(spec.name, labels);
  std::lock_guard guard(families_.mutex);
  Family& family = familyOf(families_, spec, like);
  if (const auto found = family.series.find(list); found != family.series.end())
    return static_cast<Series&>(*found->second);
  if (!family.series.empty()) {
    const LabelList& first = family.series.begin()->first;
    if (!std::equal(first.begin(), first.end(), list.begin(), list.end(), sameName))
      throw std::logic_error(std::string(spec.name) + " is already declared with other label names");
  }
  if (family.series.size() >= kMostSeries)
    throw std::logic_error(std::string(spec.name) + " has too many series; label values must be few and known");
  auto series = std::make_unique<Series>(std::forward<Arguments>(arguments)...);
  Series& result = *series;
  family.series.emplace(std::move(list), std::move(series));
  return result;
}

Counter& Registry::counter(const CounterSpec& spec, Labels labels) {
  return declare<CounterSeries>(spec, labels, {std::string(spec.help), prometheus::MetricType::Counter, {}, {}});
}

Gauge& Registry::gauge(const GaugeSpec& spec, Labels labels) {
  return declare<GaugeSeries>(spec, labels, {std::string(spec.help), prometheus::MetricType::Gauge, {}, {}});
}

Histogram& Registry::histogram(const HistogramSpec& spec, Labels labels) {
  const Family like{std::string(spec.help), prometheus::MetricType::Histogram, spec.buckets, {}};
  return declare<HistogramSeries>(spec, labels, like, upperBounds(spec.buckets));
}

std::unique_ptr<Collection> Registry::beforeExposition(UniqueFunction<void()> collect) {
  std::lock_guard guard(collectors_.mutex);
  collectors_.by_number.emplace(++collectors_.last, std::move(collect));
  return std::make_unique<Registration>(collectors_, collectors_.last);
}

std::vector<prometheus::MetricFamily> Registry::collect() {
  {
    std::lock_guard guard(collectors_.mutex);
    for (auto& [number, callback] : collectors_.by_number) {
      try {
        callback();
      } catch (const std::exception&) {
        failures_.add();
      }
    }
  }
  std::lock_guard guard(families_.mutex);
  std::vector<prometheus::MetricFamily> result;
  result.reserve(families_.by_name.size());
  for (const auto& [name, family] : families_.by_name) {
    prometheus::MetricFamily sampled{name, family.help, family.type, {}};
    sampled.metric.reserve(family.series.size());
    for (const auto& [labels, series] : family.series) {
      prometheus::ClientMetric& metric = sampled.metric.emplace_back();
      metric.label = labels;
      series->sample(metric);
    }
    result.push_back(std::move(sampled));
  }
  return result;
}

std::string Registry::text() { return prometheus::TextSerializer().Serialize(collect()); }
std::string Registry::json() { return flatJson(collect()); }

}  // namespace penstock
