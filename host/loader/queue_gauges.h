#pragma once

#include "penstock/metrics.h"
#include "penstock/queue.h"

#include <memory>
#include <string_view>

namespace penstock {

/// Shows Queue::stats at every exposition, labelled with the engine's name. While the engine is away the last values
/// stay and penstock_queue_up is 0. Destroy it before the engine stops.
class QueueGauges {
public:
  QueueGauges(Metrics& metrics, Queue& queue, std::string_view engine);
  ~QueueGauges();
  QueueGauges(const QueueGauges&) = delete;
  QueueGauges& operator=(const QueueGauges&) = delete;

private:
  struct Gauges;
  std::unique_ptr<Gauges> gauges_;
  std::unique_ptr<Collection> collection_;
};

}  // namespace penstock
