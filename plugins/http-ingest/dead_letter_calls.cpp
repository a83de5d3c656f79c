#include "http-ingest/dead_letter_calls.h"

#include "http-ingest/dead_letter_query.h"
#include "http-ingest/dead_letter_views.h"
#include "http-ingest/paging.h"
#include "http-ingest/refusals.h"
#include "http-ingest/request_body.h"

#include <span>
#include <string>
#include <utility>
#include <variant>

namespace penstock {
namespace {

constexpr std::size_t kMostGroups = 100;

ReaderPool::Answer ok(std::string body) {
  HttpResponse response;
  response.body = std::move(body);
  return response;
}

Problem noSuchLetter() { return refusals::notFound("There is no such dead letter."); }

}  // namespace

void DeadLetterCalls::list(HttpRequest& request, Responder responder) {
  std::vector<Fault> faults;
  DeadLetterFilter filter = readFilter(request, clock_.wall(), faults);
  auto page = readPage(request);
  if (auto* problem = std::get_if<Problem>(&page))
    faults.insert(faults.end(), problem->errors.begin(), problem->errors.end());
  if (!faults.empty()) return responder.send(refusals::invalidParameters(std::move(faults)));
  pool_.ask(std::move(responder), [this, page = std::get<Page>(page), filter = std::move(filter)] {
    return ok(toJson(letters_.list(filter, page), page));
  });
}

void DeadLetterCalls::causes(HttpRequest& request, Responder responder) {
  std::vector<Fault> faults;
  DeadLetterFilter filter = readFilter(request, clock_.wall(), faults);
  if (!faults.empty()) return responder.send(refusals::invalidParameters(std::move(faults)));
  pool_.ask(std::move(responder),
            [this, filter = std::move(filter)] { return ok(toJson(letters_.causes(filter, kMostGroups))); });
}

void DeadLetterCalls::onOne(HttpRequest& request, Responder responder, Work work) {
  const auto id = Uuid::parse(request.path_parameters.at(0));
  if (!id) return responder.send(refusals::invalidParameter("id", "must be a UUID"));
  pool_.ask(std::move(responder), [id = *id, work = std::move(work)]() mutable { return work(id); });
}

void DeadLetterCalls::show(HttpRequest& request, Responder responder) {
  onOne(request, std::move(responder), [this](const Uuid& id) -> ReaderPool::Answer {
    const auto letter = letters_.get(id);
    if (!letter) return noSuchLetter();
    return ok(toJson(*letter));
  });
}

void DeadLetterCalls::replayOne(HttpRequest& request, Responder responder) {
  onOne(request, std::move(responder),
        [this, request_id = std::string(request.request_id)](const Uuid& id) -> ReaderPool::Answer {
          DeadLetterFilter filter;
          filter.ids = {id};
          const std::uint64_t count = letters_.replay(filter, 1, Duration::zero());
          if (count == 0) return letters_.get(id) ? refusals::noRoomToReplay() : noSuchLetter();
          noteReplay(request_id, count);
          return ok(countToJson("replayed", count));
        });
}

void DeadLetterCalls::replayMany(HttpRequest& request, Responder responder) {
  RequestBody body;
  if (auto problem = body.read(request.body)) return responder.send(std::move(*problem));
  std::vector<Fault> faults;
  ReplayOrder order = readReplay(body.members(), clock_.wall(), faults);
  if (!faults.empty()) return responder.send(refusals::validationFailed(std::move(faults)));
  pool_.ask(std::move(responder), [this, order = std::move(order), request_id = std::string(request.request_id)] {
    const std::uint64_t count = letters_.replay(order.filter, order.cap, order.spread);
    noteReplay(request_id, count);
    return ok(countToJson("replayed", count));
  });
}

void DeadLetterCalls::discard(HttpRequest& request, Responder responder) {
  onOne(request, std::move(responder),
        [this, request_id = std::string(request.request_id)](const Uuid& id) -> ReaderPool::Answer {
          const std::uint64_t count = letters_.discard(std::span(&id, 1));
          if (count == 0) return noSuchLetter();
          metrics_.dead_letters_discarded.add(static_cast<double>(count));
          log_.notice("ingest.dead_letter_discarded", "a dead letter was removed for good",
                      {{"message_id", id.text()}, {"request_id", request_id}});
          return ok(countToJson("discarded", count));
        });
}

void DeadLetterCalls::noteReplay(std::string_view request_id, std::uint64_t count) {
  if (count == 0) return;
  metrics_.dead_letters_replayed.add(static_cast<double>(count));
  log_.notice("ingest.dead_letters_replayed", "dead letters were put back on the queue",
              {{"count", std::to_string(count)}, {"request_id", request_id}});
}

}  // namespace penstock
