#pragma once

#include "http-ingest/metrics.h"
#include "http-ingest/publish_gate.h"

#include "penstock/clock.h"
#include "penstock/http.h"
#include "penstock/log.h"
#include "penstock/policy.h"
#include "penstock/queue.h"
#include "shared/draft/routes.h"

#include <boost/json/object.hpp>

#include <memory>
#include <optional>
#include <string_view>

namespace penstock {

/// One call that puts a message on the queue.
struct SendingCall {
  std::string_view pattern;
  Kind kind;
  Channel channel;
  std::string_view route;               ///< scope of a client's key
  std::string_view provider;            ///< inbound: who reports it
  std::string_view provider_id_member;  ///< inbound: the member with the provider's message id
};

inline constexpr SendingCall kSendingCalls[] = {
    {"/api/messages/sms", Kind::OutboundMessage, Channel::Sms, kSmsRoute, {}, {}},
    {"/api/messages/email", Kind::OutboundMessage, Channel::Email, kEmailRoute, {}, {}},
    {"/api/webhooks/sms", Kind::InboundMessage, Channel::Sms, "webhooks/sms", "webhook", "messaging_provider_id"},
    {"/api/webhooks/email", Kind::InboundMessage, Channel::Email, "webhooks/email", "webhook", "xillio_id"},
};

/// The accept path: JSON, policy, queue, answer. It runs on the loop thread that read the request and never blocks; the
/// queue's answer may come on any thread, also after the plugin has stopped, and keeps this alive until then.
class AcceptPath : public std::enable_shared_from_this<AcceptPath> {
public:
  AcceptPath(Queue& queue, Policy& policy, Clock& clock, Log log, IngestMetrics& metrics)
      : queue_(queue), policy_(policy), clock_(clock), log_(log), metrics_(metrics) {}

  /// Answers the request, now or when the queue has said its verdict. `call` is one of kSendingCalls. [any thread]
  /// [does not block]
  void accept(const SendingCall& call, HttpRequest& request, Responder responder);

  /// The same for what the mock provider is said to have received; the body says on which channel. [any thread]
  /// [does not block]
  void acceptFromMock(HttpRequest& request, Responder responder);

  /// Waits for the queue's answers until the deadline; nothing borrowed is used afterwards.
  void stop(SteadyTime deadline) { gate_.close(clock_, deadline); }

private:
  struct Pending;

  void admit(const SendingCall& call, const boost::json::object& members, std::optional<std::string_view> client_key,
             std::string_view request_id, Responder responder);
  void publish(const SendingCall& call, std::string_view request_id, Event event, Responder responder);
  void conclude(Pending& pending, PublishResult result);
  void answerAccepted(Pending& pending);
  void answerDuplicate(Pending& pending, const Uuid& first);
  void answerConflict(Pending& pending, const Uuid& first);
  void refuse(std::string_view request_id, Counter& reason, Problem problem, Responder responder);

  Queue& queue_;
  Policy& policy_;
  Clock& clock_;
  Log log_;
  IngestMetrics& metrics_;
  PublishGate gate_;
};

}  // namespace penstock
