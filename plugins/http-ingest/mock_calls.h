#pragma once

#include "http-ingest/accept.h"
#include "http-ingest/reader_pool.h"

#include "penstock/http.h"
#include "penstock/log.h"
#include "shared/mock/mock_control.h"

namespace penstock {

/// The calls on the mock provider; 404 while none is configured. Bodies are checked on the loop thread, the store is
/// asked on the pool's.
class MockCalls {
public:
  MockCalls(MockControl& mock, AcceptPath& accept, ReaderPool& pool, Log log)
      : mock_(mock), accept_(accept), pool_(pool), log_(log) {}

  /// Handlers of the routes. [any thread] [does not block]
  void settings(HttpRequest& request, Responder responder);
  void change(HttpRequest& request, Responder responder);
  void inbound(HttpRequest& request, Responder responder);

private:
  ReaderPool::Answer inForce() const;

  MockControl& mock_;
  AcceptPath& accept_;
  ReaderPool& pool_;
  const Log log_;
};

}  // namespace penstock
