#pragma once

#include "http-ingest/forged_log.h"
#include "http-ingest/metrics.h"
#include "http-ingest/publish_gate.h"

#include "penstock/clock.h"
#include "penstock/http.h"
#include "penstock/log.h"
#include "penstock/policy.h"
#include "penstock/provider_webhooks.h"
#include "penstock/queue.h"

#include <memory>
#include <string_view>
#include <vector>

namespace penstock {

/// What providers post in their own format: verified and read by the provider's script, admitted, published, and
/// answered as the script says once the queue has all of it. It runs on the loop thread that read the request and never
/// blocks; the queue's answers may come on any thread, also after the plugin has stopped.
class WebhookPath : public std::enable_shared_from_this<WebhookPath> {
public:
  WebhookPath(Queue& queue, Policy& policy, ProviderWebhooks& webhooks, Clock& clock, Log log, IngestMetrics& metrics)
      : queue_(queue),
        policy_(policy),
        webhooks_(webhooks),
        clock_(clock),
        log_(log),
        forged_(log, clock),
        metrics_(metrics) {}

  /// Answers POST /api/webhooks/{provider}. [any thread] [does not block]
  void accept(HttpRequest& request, Responder responder);

  /// Waits for the queue's answers until the deadline; nothing borrowed is used afterwards.
  void stop(SteadyTime deadline) { gate_.close(clock_, deadline); }

private:
  struct Batch;
  struct Admitted;

  Admitted admit(std::string_view provider, const WebhookReading& reading, std::string_view request_id);
  void publish(std::vector<Event> events, std::shared_ptr<Batch> batch);
  void conclude(Batch& batch, Kind kind, const Uuid& id, PublishVerdict verdict);
  void answer(Batch& batch);
  void refuse(std::string_view request_id, Counter& reason, Problem problem, Responder responder);

  Queue& queue_;
  Policy& policy_;
  ProviderWebhooks& webhooks_;
  Clock& clock_;
  Log log_;
  ForgedLog forged_;
  IngestMetrics& metrics_;
  PublishGate gate_;
};

}  // namespace penstock
