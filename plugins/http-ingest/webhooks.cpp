#include "http-ingest/webhooks.h"

#include "http-ingest/refusals.h"

#include <atomic>
#include <optional>
#include <string>
#include <utility>

namespace penstock {

/// The events of one request on their way; whoever hears of the last one answers. The request's id is a view: it holds
/// until the answer.
struct WebhookPath::Batch {
  std::shared_ptr<WebhookPath> path;
  Responder responder;
  std::string_view request_id;
  HttpResponse response;
  std::atomic<std::size_t> left{0};
  std::atomic<bool> full{false};
  std::atomic<bool> unavailable{false};
  std::atomic<bool> closed{false};
};

/// What the policy made of a request's messages and reports.
struct WebhookPath::Admitted {
  std::vector<Event> events;
  std::vector<Fault> faults;  ///< of what it refuses
  bool failed = false;
};

namespace {

std::string_view queryOf(std::string_view target) {
  const std::size_t mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
}

}  // namespace

void WebhookPath::accept(HttpRequest& request, Responder responder) {
  const std::string provider = request.path_parameters.at(0);
  WebhookReading reading =
      webhooks_.read(provider, {queryOf(request.target), request.headers, request.body, request.request_id});
  switch (reading.verdict) {
    case WebhookReading::Verdict::Read:
      break;
    case WebhookReading::Verdict::NoReceiver:
      return refuse(request.request_id, metrics_.refused_invalid,
                    refusals::notFound("No provider of this name receives webhooks."), std::move(responder));
    case WebhookReading::Verdict::Forged:
      forged_.note(request, provider);
      return refuse(request.request_id, metrics_.refused_forged, refusals::notGenuine(), std::move(responder));
    case WebhookReading::Verdict::Failed:
      return refuse(request.request_id, metrics_.refused_policy, refusals::policyFailed(), std::move(responder));
  }
  if (reading.status >= 400)
    return refuse(request.request_id, metrics_.refused_invalid, refusals::notUnderstood(reading.status),
                  std::move(responder));
  Admitted admitted = admit(provider, reading, request.request_id);
  if (admitted.failed)
    return refuse(request.request_id, metrics_.refused_policy, refusals::policyFailed(), std::move(responder));
  if (admitted.events.empty() && !admitted.faults.empty())
    return refuse(request.request_id, metrics_.refused_invalid, refusals::validationFailed(std::move(admitted.faults)),
                  std::move(responder));
  auto batch = std::make_shared<Batch>();
  batch->path = shared_from_this();
  batch->responder = std::move(responder);
  batch->request_id = request.request_id;
  batch->response.status = reading.status;
  batch->response.content_type = reading.content_type;
  batch->response.body = std::move(reading.body);
  publish(std::move(admitted.events), std::move(batch));
}

WebhookPath::Admitted WebhookPath::admit(std::string_view provider, const WebhookReading& reading,
                                         std::string_view request_id) {
  Admitted admitted;
  const auto admitOne = [&](Kind kind, Channel channel, const boost::json::object& members) {
    Draft draft;
    draft.kind = kind;
    draft.channel = channel;
    draft.route = "webhooks/provider";
    draft.members = &members;
    draft.provider = provider;
    draft.provider_id_member = ProviderWebhooks::kProviderIdMember;
    draft.request_id = request_id;
    Admission admission = policy_.admit(draft);
    if (admission.verdict == Admission::Verdict::Failed) admitted.failed = true;
    if (admission.verdict == Admission::Verdict::Admitted) admitted.events.push_back(std::move(admission.event));
    if (admission.verdict != Admission::Verdict::Rejected) return;
    // One of many that makes no sense must not hold up the others, and repeating it would not help.
    metrics_.refused_invalid.add();
    log_.notice("ingest.webhook_item_refused", "part of a webhook was refused by the policy",
                {{"request_id", request_id}, {"provider", provider}, {"kind", word(kind)}});
    admitted.faults.insert(admitted.faults.end(), admission.faults.begin(), admission.faults.end());
  };
  for (const ReceivedMessage& message : reading.messages)
    if (!admitted.failed) admitOne(Kind::InboundMessage, message.channel, message.members);
  for (const DeliveryReport& report : reading.reports)
    if (!admitted.failed) admitOne(Kind::DeliveryStatus, Channel::Sms, report.members);
  return admitted;
}

void WebhookPath::publish(std::vector<Event> events, std::shared_ptr<Batch> batch) {
  if (events.empty()) return answer(*batch);
  batch->left = events.size();
  for (Event& event : events) {
    gate_.begin();
    const Kind kind = event.kind;
    const Uuid id = event.id;
    queue_.publish(std::move(event), [batch, kind, id](PublishResult result) {
      // Answering unlocks the gate when it ends, so the path must outlive it.
      const std::shared_ptr<WebhookPath> path = batch->path;
      path->conclude(*batch, kind, result.verdict == PublishVerdict::Accepted ? id : result.id, result.verdict);
    });
  }
}

void WebhookPath::conclude(Batch& batch, Kind kind, const Uuid& id, PublishVerdict verdict) {
  const PublishGate::Answering answering(gate_);
  if (!answering.open()) {
    batch.closed = true;
  } else if (verdict == PublishVerdict::Full) {
    batch.full = true;
  } else if (verdict == PublishVerdict::Unavailable) {
    batch.unavailable = true;
  } else {
    // The same id again is the same message, whatever it now says.
    const bool fresh = verdict == PublishVerdict::Accepted;
    (fresh ? metrics_.of(kind).published : metrics_.of(kind).duplicates).add();
    log_.information(fresh ? "ingest.accepted" : "ingest.duplicate", fresh ? "event accepted" : "event known already",
                     {{"request_id", batch.request_id}, {"message_id", id.text()}, {"kind", word(kind)}});
  }
  if (--batch.left == 0) answer(batch);
}

void WebhookPath::answer(Batch& batch) {
  if (batch.closed) return batch.responder.send(refusals::stopping());
  if (batch.unavailable)
    return refuse(batch.request_id, metrics_.refused_unavailable, refusals::queueUnavailable(),
                  std::move(batch.responder));
  if (batch.full)
    return refuse(batch.request_id, metrics_.refused_full, refusals::queueFull(), std::move(batch.responder));
  batch.responder.send(std::move(batch.response));
}

void WebhookPath::refuse(std::string_view request_id, Counter& reason, Problem problem, Responder responder) {
  reason.add();
  log_.debug("ingest.refused", "request refused", {{"request_id", request_id}, {"outcome", problem.code}});
  responder.send(std::move(problem));
}

}  // namespace penstock
