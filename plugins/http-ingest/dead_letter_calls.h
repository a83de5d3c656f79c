#pragma once

#include "http-ingest/reader_pool.h"

#include "penstock/clock.h"
#include "penstock/dead_letters.h"
#include "penstock/http.h"
#include "penstock/log.h"

namespace penstock {

/// The calls on dead letters. Parameters and bodies are checked on the loop thread, the engine is asked on the pool's.
class DeadLetterCalls {
public:
  DeadLetterCalls(DeadLetters& letters, ReaderPool& pool, Clock& clock, Log log, IngestMetrics& metrics)
      : letters_(letters), pool_(pool), clock_(clock), log_(log), metrics_(metrics) {}

  /// Handlers of the routes. [any thread] [does not block]
  void list(HttpRequest& request, Responder responder);
  void causes(HttpRequest& request, Responder responder);
  void show(HttpRequest& request, Responder responder);
  void replayOne(HttpRequest& request, Responder responder);
  void replayMany(HttpRequest& request, Responder responder);
  void discard(HttpRequest& request, Responder responder);

private:
  using Work = UniqueFunction<ReaderPool::Answer(const Uuid&)>;

  /// Asks on the pool about the id of the path, or refuses it.
  void onOne(HttpRequest& request, Responder responder, Work work);
  void noteReplay(std::string_view request_id, std::uint64_t count);

  DeadLetters& letters_;
  ReaderPool& pool_;
  Clock& clock_;
  Log log_;
  IngestMetrics& metrics_;
};

}  // namespace penstock
