#include "metrics/instruments.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace penstock {
namespace {

std::size_t ownCell() noexcept {
  static std::atomic<std::size_t> next{0};
  static thread_local const std::size_t own = next.fetch_add(1, std::memory_order_relaxed) % kCells;
  return own;
}

void increase(std::atomic<double>& value, double amount) noexcept {
  double seen = value.load(std::memory_order_relaxed);
  while (!value.compare_exchange_weak(seen, seen + amount, std::memory_order_relaxed)) continue;
}

}  // namespace

void CounterSeries::add(double amount) noexcept {
  if (amount > 0) increase(cells_[ownCell()].value, amount);
}

void CounterSeries::sample(prometheus::ClientMetric& into) const {
  for (const Cell& cell : cells_) into.counter.value += cell.value.load(std::memory_order_relaxed);
}

void GaugeSeries::set(double value) noexcept { value_.store(value, std::memory_order_relaxed); }
void GaugeSeries::add(double amount) noexcept { increase(value_, amount); }
void GaugeSeries::sample(prometheus::ClientMetric& into) const {
  into.gauge.value = value_.load(std::memory_order_relaxed);
}

HistogramSeries::HistogramSeries(std::span<const double> upper_bounds) : upper_bounds_(upper_bounds), cells_(kCells) {
  if (upper_bounds.size() >= kMostBuckets) throw std::logic_error("a histogram has too many buckets");
}

void HistogramSeries::observe(double seconds) noexcept {
  if (std::isnan(seconds)) return;
  seconds = std::max(seconds, 0.0);
  const auto bucket = std::lower_bound(upper_bounds_.begin(), upper_bounds_.end(), seconds) - upper_bounds_.begin();
  Cell& cell = cells_[ownCell()];
  cell.buckets[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  increase(cell.sum, seconds);
}

void HistogramSeries::sample(prometheus::ClientMetric& into) const {
  auto& histogram = into.histogram;
  histogram.bucket.reserve(upper_bounds_.size() + 1);
  for (std::size_t i = 0; i <= upper_bounds_.size(); ++i) {
    for (const Cell& cell : cells_) histogram.sample_count += cell.buckets[i].load(std::memory_order_relaxed);
    const bool last = i == upper_bounds_.size();
    histogram.bucket.push_back(
        {histogram.sample_count, last ? std::numeric_limits<double>::infinity() : upper_bounds_[i]});
  }
  for (const Cell& cell : cells_) histogram.sample_sum += cell.sum.load(std::memory_order_relaxed);
}

}  // namespace penstock
