#pragma once

#include "metrics/instruments.h"
#include "penstock/metrics.h"

#include <prometheus/metric_family.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace penstock {

/// The process's metrics. A declaration that cannot be right throws std::logic_error at once: a name declared with
/// another type, help or label names, a label name that breaks the rules, names that would collide in the JSON form, or
/// more than kMostSeries series of one name (label values must be few and known).
///
/// A collection callback that throws costs its own values only and is counted. Destroying a Collection waits for a
/// callback that runs, so what it borrowed may be released afterwards.
class Registry final : public Metrics, public Exposition {
public:
  static constexpr std::size_t kMostSeries = 1000;

  Registry();
  ~Registry() override;

  Counter& counter(const CounterSpec& spec, Labels labels = {}) override;
  Gauge& gauge(const GaugeSpec& spec, Labels labels = {}) override;
  Histogram& histogram(const HistogramSpec& spec, Labels labels = {}) override;
  std::unique_ptr<Collection> beforeExposition(UniqueFunction<void()> collect) override;

  std::string text() override;
  std::string json() override;

  /// What both are made of, collected now. [any thread] [blocks: briefly]
  std::vector<prometheus::MetricFamily> collect();

private:
  using LabelList = std::vector<prometheus::ClientMetric::Label>;
  struct Family {
    std::string help;
    prometheus::MetricType type = prometheus::MetricType::Untyped;
    Buckets buckets = Buckets::Request;
    std::map<LabelList, std::unique_ptr<Instrument>> series;
  };
  struct Families {
    mutable std::mutex mutex;
    std::map<std::string, Family, std::less<>> by_name;
    std::map<std::string, std::string> exposed;  ///< name in the JSON form, and the family that has it
  };
  struct Collectors {
    std::mutex mutex;  ///< held while callbacks run
    std::map<std::uint64_t, UniqueFunction<void()>> by_number;
    std::uint64_t last = 0;
  };
  class Registration;

  template <typename Series, typename... Arguments>
  Series& declare(const MetricSpec& spec, Labels labels, const Family& like, Arguments&&... arguments);
  static Family& familyOf(Families& families, const MetricSpec& spec, const Family& like);

  Families families_;
  Collectors collectors_;
  Counter& failures_;
};

}  // namespace penstock
