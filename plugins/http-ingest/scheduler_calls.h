#pragma once

#include "http-ingest/reader_pool.h"

#include "penstock/control.h"
#include "penstock/http.h"
#include "penstock/log.h"
#include "shared/schedule/schedule.h"

#include <string>

namespace penstock {

/// The calls on the scheduler: whether messages are sent, and how they are paced. The store is told and asked, so they
/// answer without a worker, and workers of all processes hear of it.
class SchedulerCalls {
public:
  SchedulerCalls(Control& control, ReaderPool& pool, Log log) : control_(control), pool_(pool), log_(log) {}

  /// Handlers of the routes. [any thread] [does not block]
  void show(HttpRequest& request, Responder responder);
  void start(HttpRequest& request, Responder responder);
  void stop(HttpRequest& request, Responder responder);

private:
  void change(HttpRequest& request, Responder responder, schedule::State (*next)(schedule::State));
  void note(bool running, const std::string& request_id);

  Control& control_;
  ReaderPool& pool_;
  Log log_;
};

}  // namespace penstock
