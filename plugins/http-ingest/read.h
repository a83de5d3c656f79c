#pragma once

#include "http-ingest/reader_pool.h"

#include "penstock/cache.h"
#include "penstock/http.h"
#include "penstock/reader.h"

namespace penstock {

/// The reading calls. Parameters are checked on the loop thread, the store is asked on the pool's.
class ReadingCalls {
public:
  /// `cache` may be nullptr.
  ReadingCalls(Reader& reader, Cache* cache, ReaderPool& pool) : reader_(reader), cache_(cache), pool_(pool) {}

  /// Handlers of the routes of the same names. [any thread] [does not block]
  void conversations(HttpRequest& request, Responder responder);
  void messages(HttpRequest& request, Responder responder);
  void message(HttpRequest& request, Responder responder);
  void sent(HttpRequest& request, Responder responder);

private:
  Reader& reader_;
  Cache* cache_;
  ReaderPool& pool_;
};

}  // namespace penstock
