#include "loader/queue_gauges.h"

#include <algorithm>
#include <string>

namespace penstock {
namespace {

constexpr GaugeSpec kUp{"penstock_queue_up", "Whether the queue engine answered at the last exposition."};
constexpr GaugeSpec kReady{"penstock_queue_ready", "Events that could be received now."};
constexpr GaugeSpec kLeased{"penstock_queue_leased", "Events on loan to a worker."};
constexpr GaugeSpec kScheduled{"penstock_queue_scheduled", "Retries and parked events whose time has not come."};
constexpr GaugeSpec kDead{"penstock_queue_dead", "Dead letters."};
constexpr GaugeSpec kBytes{"penstock_queue_bytes",
                           "Bytes held by live events; 0 where the engine does not bound them."};
constexpr GaugeSpec kOldest{"penstock_queue_oldest_ready_age_seconds",
                            "Time the oldest ready event has been ready; 0 when nothing is ready."};

std::string asLabel(std::string_view engine) {
  std::string label(engine);
  std::replace(label.begin(), label.end(), '-', '_');
  return label;
}

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

struct QueueGauges::Gauges {
  Gauges(Metrics& metrics, Queue& source, const std::string& engine)
      : queue(source),
        up(metrics.gauge(kUp, {{"queue", engine}})),
        ready(metrics.gauge(kReady, {{"queue", engine}})),
        leased(metrics.gauge(kLeased, {{"queue", engine}})),
        scheduled(metrics.gauge(kScheduled, {{"queue", engine}})),
        dead(metrics.gauge(kDead, {{"queue", engine}})),
        bytes(metrics.gauge(kBytes, {{"queue", engine}})),
        oldest(metrics.gauge(kOldest, {{"queue", engine}})) {}

  void update() {
    try {
      const QueueStats stats = queue.stats();
      ready.set(static_cast<double>(stats.ready));
      leased.set(static_cast<double>(stats.leased));
      scheduled.set(static_cast<double>(stats.scheduled));
      dead.set(static_cast<double>(stats.dead));
      bytes.set(static_cast<double>(stats.bytes));
      oldest.set(seconds(stats.oldest_ready_age));
      up.set(1);
    } catch (const QueueUnavailable&) {
      up.set(0);
    }
  }

  Queue& queue;
  Gauge& up;
  Gauge& ready;
  Gauge& leased;
  Gauge& scheduled;
  Gauge& dead;
  Gauge& bytes;
  Gauge& oldest;
};

QueueGauges::QueueGauges(Metrics& metrics, Queue& queue, std::string_view engine)
    : gauges_(std::make_unique<Gauges>(metrics, queue, asLabel(engine))),
      collection_(metrics.beforeExposition([this] { gauges_->update(); })) {}

QueueGauges::~QueueGauges() = default;

}  // namespace penstock
