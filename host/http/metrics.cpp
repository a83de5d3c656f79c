#include "http/metrics.h"

#include <string>

namespace penstock {
namespace {

constexpr std::array kStatuses{200U, 201U, 202U, 204U, 304U, 400U, 401U, 403U, 404U, 405U, 406U, 408U, 409U,
                               413U, 414U, 415U, 417U, 422U, 429U, 431U, 500U, 502U, 503U, 504U, 505U};

}  // namespace

HttpMetrics::HttpMetrics(Metrics& registry)
    : registry_(registry),
      no_route_(&registry.histogram(kRequestSeconds, {{"route", "none"}})),
      other_responses_(&registry.counter(kResponses, {{"status", "other"}})),
      cut_{&registry.counter(kCut, {{"reason", "slow_reader"}}), &registry.counter(kCut, {{"reason", "overloaded"}})},
      abandoned_(&registry.counter(kAbandoned)),
      handler_failures_(&registry.counter(kHandlerFailures)),
      in_flight_(&registry.gauge(kInFlight)),
      connections_(&registry.gauge(kConnections)) {
  for (const unsigned status : kStatuses)
    responses_[status] = &registry.counter(kResponses, {{"status", std::to_string(status)}});
  for (std::size_t i = 0; i < kRefusals.size(); ++i)
    refused_[i] = &registry.counter(kRefused, {{"reason", kRefusals[i].word}});
}

Counter& HttpMetrics::response(unsigned status) {
  Counter* counter = status < responses_.size() ? responses_[status] : nullptr;
  return counter != nullptr ? *counter : *other_responses_;
}

}  // namespace penstock
