#include "http-ingest/accept.h"

#include "http-ingest/idempotency_header.h"
#include "http-ingest/mock_inbound.h"
#include "http-ingest/refusals.h"
#include "http-ingest/request_body.h"

#include "penstock/json.h"

#include <string>
#include <utility>
#include <variant>

namespace penstock {

/// What is needed to answer once the queue has spoken. The request's id is a view: it holds until the answer.
struct AcceptPath::Pending {
  std::shared_ptr<AcceptPath> path;
  Responder responder;
  const SendingCall* call;
  std::string_view request_id;
  Uuid id;
  Digest128 key;
  SteadyTime published_at;
};

namespace {

HttpResponse accepted(const std::string& id, const std::string& key, bool replayed) {
  HttpResponse response;
  response.status = 202;
  response.body.reserve(128);
  JsonWriter(response.body)
      .beginObject()
      .member("status", "accepted")
      .member("id", id)
      .member("idempotencyKey", key)
      .endObject();
  if (replayed) response.headers.emplace_back("Idempotent-Replayed", "true");
  return response;
}

}  // namespace

void AcceptPath::accept(const SendingCall& call, HttpRequest& request, Responder responder) {
  IdempotencyHeader header;
  // A provider's own id is the key of what it reports.
  if (call.kind == Kind::OutboundMessage) readIdempotencyHeader(request, header);
  if (!header.fault.empty())
    return refuse(request.request_id, metrics_.refused_invalid,
                  refusals::idempotencyKeyInvalid(std::string(header.fault)), std::move(responder));

  // Its inline memory is scratch; clearing it for every request would cost more than using it.
  [[gnu::uninitialized]] RequestBody body;
  if (auto problem = body.read(request.body))
    return refuse(request.request_id, metrics_.refused_malformed, std::move(*problem), std::move(responder));

  admit(call, body.members(), header.key, request.request_id, std::move(responder));
}

void AcceptPath::acceptFromMock(HttpRequest& request, Responder responder) {
  [[gnu::uninitialized]] RequestBody body;
  if (auto problem = body.read(request.body))
    return refuse(request.request_id, metrics_.refused_malformed, std::move(*problem), std::move(responder));
  auto call = mockInboundCall(body.members());
  if (auto* fault = std::get_if<Fault>(&call))
    return refuse(request.request_id, metrics_.refused_invalid, refusals::validationFailed({std::move(*fault)}),
                  std::move(responder));
  admit(*std::get<const SendingCall*>(call), body.members(), std::nullopt, request.request_id, std::move(responder));
}

void AcceptPath::admit(const SendingCall& call, const boost::json::object& members,
                       std::optional<std::string_view> client_key, std::string_view request_id, Responder responder) {
  Draft draft;
  draft.kind = call.kind;
  draft.channel = call.channel;
  draft.route = call.route;
  draft.members = &members;
  draft.provider = call.provider;
  draft.provider_id_member = call.provider_id_member;
  draft.client_key = client_key;
  draft.request_id = request_id;
  Admission admission = policy_.admit(draft);
  switch (admission.verdict) {
    case Admission::Verdict::Admitted:
      return publish(call, request_id, std::move(admission.event), std::move(responder));
    case Admission::Verdict::Rejected:
      return refuse(request_id, metrics_.refused_invalid, refusals::validationFailed(std::move(admission.faults)),
                    std::move(responder));
    case Admission::Verdict::Failed:
      return refuse(request_id, metrics_.refused_policy, refusals::policyFailed(), std::move(responder));
  }
}

void AcceptPath::publish(const SendingCall& call, std::string_view request_id, Event event, Responder responder) {
  Pending pending{shared_from_this(), std::move(responder), &call, request_id, event.id, event.key, clock_.now()};
  gate_.begin();
  queue_.publish(std::move(event), [pending = std::move(pending)](PublishResult result) mutable {
    // Answering unlocks the gate when it ends, so the path must outlive it.
    const std::shared_ptr<AcceptPath> path = pending.path;
    path->conclude(pending, result);
  });
}

void AcceptPath::conclude(Pending& pending, PublishResult result) {
  const PublishGate::Answering answering(gate_);
  if (!answering.open()) return pending.responder.send(refusals::stopping());
  metrics_.publish_time.observe(std::chrono::duration<double>(clock_.now() - pending.published_at).count());
  switch (result.verdict) {
    case PublishVerdict::Accepted:
      return answerAccepted(pending);
    case PublishVerdict::Duplicate:
      return answerDuplicate(pending, result.id);
    case PublishVerdict::Conflict:
      return answerConflict(pending, result.id);
    case PublishVerdict::Full:
      return refuse(pending.request_id, metrics_.refused_full, refusals::queueFull(), std::move(pending.responder));
    case PublishVerdict::Unavailable:
      return refuse(pending.request_id, metrics_.refused_unavailable, refusals::queueUnavailable(),
                    std::move(pending.responder));
  }
}

void AcceptPath::answerAccepted(Pending& pending) {
  metrics_.of(pending.call->kind).published.add();
  const std::string id = pending.id.text();
  const std::string key = pending.key.hex();
  log_.information("ingest.accepted", "message accepted",
                   {{"request_id", pending.request_id},
                    {"message_id", id},
                    {"key", key},
                    {"kind", word(pending.call->kind)},
                    {"outcome", "accepted"}});
  pending.responder.send(accepted(id, key, false));
}

void AcceptPath::answerDuplicate(Pending& pending, const Uuid& first) {
  metrics_.of(pending.call->kind).duplicates.add();
  const std::string id = first.text();
  const std::string key = pending.key.hex();
  log_.information("ingest.duplicate", "request answered with the id of the first one",
                   {{"request_id", pending.request_id},
                    {"message_id", id},
                    {"key", key},
                    {"kind", word(pending.call->kind)},
                    {"outcome", "duplicate"}});
  pending.responder.send(accepted(id, key, true));
}

void AcceptPath::answerConflict(Pending& pending, const Uuid& first) {
  // A provider that reports the same id again means the same message, whatever it now says.
  if (pending.call->kind == Kind::InboundMessage) return answerDuplicate(pending, first);
  metrics_.conflicts.add();
  log_.notice("ingest.conflict", "an idempotency key was used again with other content",
              {{"request_id", pending.request_id},
               {"message_id", first.text()},
               {"key", pending.key.hex()},
               {"kind", word(pending.call->kind)},
               {"outcome", "conflict"}});
  pending.responder.send(refusals::idempotencyKeyReused());
}

void AcceptPath::refuse(std::string_view request_id, Counter& reason, Problem problem, Responder responder) {
  reason.add();
  log_.debug("ingest.refused", "request refused", {{"request_id", request_id}, {"outcome", problem.code}});
  responder.send(std::move(problem));
}

}  // namespace penstock
