#pragma once

#include "penstock/unique_function.h"

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock {

/// Name and help of a metric, checked while compiling: a metric without a sentence of help, or whose name breaks the
/// conventions (https://prometheus.io/docs/practices/naming/), does not build.
struct MetricSpec {
  std::string_view name;
  std::string_view help;

protected:
  consteval MetricSpec(std::string_view metric, std::string_view text) : name(metric), help(text) {
    if (!metric.starts_with("penstock_") && !metric.starts_with("process_"))
      throw "a metric's name starts with penstock_";
    for (char c : metric)
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) throw "a metric's name is a-z 0-9 _";
    if (text.size() < 10 || !text.ends_with('.')) throw "a metric needs a sentence of help that ends with a full stop";
  }
};

struct CounterSpec : MetricSpec {
  consteval CounterSpec(std::string_view metric, std::string_view text) : MetricSpec(metric, text) {
    if (!metric.ends_with("_total")) throw "a counter's name ends with _total";
  }
};

struct GaugeSpec : MetricSpec {
  consteval GaugeSpec(std::string_view metric, std::string_view text) : MetricSpec(metric, text) {
    if (metric.ends_with("_total")) throw "a gauge's name does not end with _total";
  }
};

/// Buckets of a histogram in seconds.
enum class Buckets { Request, Wait, Script };  // 0.5 ms to 10 s; 1 ms to 1 h; 1 µs to 10 ms

struct HistogramSpec : MetricSpec {
  Buckets buckets;
  consteval HistogramSpec(std::string_view metric, std::string_view text, Buckets bounds)
      : MetricSpec(metric, text), buckets(bounds) {
    if (!metric.ends_with("_seconds")) throw "a histogram's name ends with its base unit, _seconds";
  }
};

/// Instruments live as long as the host; references stay good until Plugin::stop has returned. [any thread]
class Counter {
public:
  virtual ~Counter() = default;
  virtual void add(double amount = 1) noexcept = 0;
};
class Gauge {
public:
  virtual ~Gauge() = default;
  virtual void set(double value) noexcept = 0;
  virtual void add(double amount) noexcept = 0;
};
class Histogram {
public:
  virtual ~Histogram() = default;
  virtual void observe(double seconds) noexcept = 0;
};

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// A collection callback's registration; ends when destroyed.
class Collection {
public:
  virtual ~Collection() = default;
};

/// The host's registry. Declaring the same name and labels again gives the same instrument; every series starts at 0
/// when declared, so declare all label values at start. [any thread]
class Metrics {
public:
  virtual ~Metrics() = default;
  virtual Counter& counter(const CounterSpec& spec, Labels labels = {}) = 0;
  virtual Gauge& gauge(const GaugeSpec& spec, Labels labels = {}) = 0;
  virtual Histogram& histogram(const HistogramSpec& spec, Labels labels = {}) = 0;

  /// Calls `collect` before each exposition, to set gauges from values that are already known. It must not count rows,
  /// block on a server, or throw.
  virtual std::unique_ptr<Collection> beforeExposition(UniqueFunction<void()> collect) = 0;
};

/// penstock.exposition/1: the registry's contents, given by the host.
class Exposition {
public:
  static constexpr std::string_view kInterface = "penstock.exposition/1";
  virtual ~Exposition() = default;

  /// Prometheus text format 0.0.4. [any thread] [blocks: briefly]
  virtual std::string text() = 0;
  /// One flat JSON object: counters and gauges summed over labels, histograms as _count and _sum; each also under its
  /// name without penstock_ and _total. [any thread] [blocks: briefly]
  virtual std::string json() = 0;
};

}  // namespace penstock
