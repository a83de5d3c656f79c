#include "http-ingest/mock_calls.h"

#include "http-ingest/refusals.h"
#include "http-ingest/request_body.h"

#include <string>
#include <utility>
#include <vector>

namespace penstock {

namespace {

Problem noMock() { return refusals::notFound("No mock provider is configured."); }

}  // namespace

ReaderPool::Answer MockCalls::inForce() const {
  const auto settings = mock_.inForce();
  if (!settings) return noMock();
  HttpResponse response;
  response.body = settings->text();
  return response;
}

void MockCalls::settings(HttpRequest& /*request*/, Responder responder) {
  if (!mock_.inForce()) return responder.send(noMock());
  pool_.ask(std::move(responder), [this] {
    mock_.refresh();
    return inForce();
  });
}

void MockCalls::change(HttpRequest& request, Responder responder) {
  const auto present = mock_.inForce();
  if (!present) return responder.send(noMock());
  RequestBody body;
  if (auto problem = body.read(request.body)) return responder.send(std::move(*problem));
  std::vector<Fault> faults;
  const MockChange wanted = MockChange::read(body.members(), faults);
  if (!faults.empty()) {
    // The sum too, so that everything is said at once.
    wanted.over(*present, faults);
    return responder.send(refusals::validationFailed(std::move(faults)));
  }
  pool_.ask(std::move(responder), [this, wanted, request_id = std::string(request.request_id)]() -> ReaderPool::Answer {
    std::vector<Fault> found;
    mock_.put(wanted, found);
    if (!found.empty()) return refusals::validationFailed(std::move(found));
    log_.notice("ingest.mock_changed", "the mock provider has other settings", {{"request_id", request_id}});
    return inForce();
  });
}

void MockCalls::inbound(HttpRequest& request, Responder responder) {
  if (!mock_.inForce()) return responder.send(noMock());
  accept_.acceptFromMock(request, std::move(responder));
}

}  // namespace penstock
