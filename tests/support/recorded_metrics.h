#pragma once

#include "penstock/metrics.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace penstock::test {

/// A registry that only remembers. Series are named as Prometheus writes them: name, or name{label="value"}.
class RecordedMetrics final : public Metrics {
public:
  Counter& counter(const CounterSpec& spec, Labels labels = {}) override { return series(spec, labels); }
  Gauge& gauge(const GaugeSpec& spec, Labels labels = {}) override { return series(spec, labels); }
  Histogram& histogram(const HistogramSpec& spec, Labels labels = {}) override { return series(spec, labels); }

  std::unique_ptr<Collection> beforeExposition(UniqueFunction<void()> collect) override {
    std::lock_guard guard(mutex_);
    collections_.emplace(++last_collection_, std::move(collect));
    return std::make_unique<Registration>(*this, last_collection_);
  }

  /// What a scrape would show for the series; of a histogram, how many were observed. Throws for a series that nobody
  /// declared.
  double value(const std::string& name) {
    std::lock_guard guard(mutex_);
    for (auto& [number, collect] : collections_) collect();
    return series_.at(name)->value.load();
  }

  bool declared(const std::string& name) const {
    std::lock_guard guard(mutex_);
    return series_.contains(name);
  }

private:
  struct Series final : Counter, Gauge, Histogram {
    std::atomic<double> value{0};
    void add(double amount) noexcept override {
      double seen = value.load();
      while (!value.compare_exchange_weak(seen, seen + amount)) continue;
    }
    void set(double amount) noexcept override { value.store(amount); }
    void observe(double) noexcept override { add(1); }
  };

  struct Registration final : Collection {
    Registration(RecordedMetrics& metrics, std::uint64_t number) : metrics_(metrics), number_(number) {}
    ~Registration() override {
      std::lock_guard guard(metrics_.mutex_);
      metrics_.collections_.erase(number_);
    }
    RecordedMetrics& metrics_;
    std::uint64_t number_;
  };

  Series& series(const MetricSpec& spec, Labels labels) {
    std::string name(spec.name);
    for (const auto& [label, value] : labels) {
      name += name.back() == '"' ? "," : "{";
      name.append(label).append("=\"").append(value).append("\"");
    }
    if (labels.size() != 0) name += '}';
    std::lock_guard guard(mutex_);
    auto& slot = series_[name];
    if (!slot) slot = std::make_unique<Series>();
    return *slot;
  }

  mutable std::recursive_mutex mutex_;
  std::map<std::string, std::unique_ptr<Series>> series_;
  std::map<std::uint64_t, UniqueFunction<void()>> collections_;
  std::uint64_t last_collection_ = 0;
};

}  // namespace penstock::test
