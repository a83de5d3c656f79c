#pragma once

#include "penstock/cache.h"
#include "penstock/reader.h"

namespace penstock {

/// A page of sent messages: the store's. On a first page that has room the cache, if there is one, fills in messages
/// that it knows as sent and that the store knows as being sent, because a send is recorded some time after it.
/// [any thread] [blocks: as the store, and as the cache's read_timeout] [throws: StoreUnavailable]
Listing<SentView> sentPage(Reader& reader, Cache* cache, Page page);

}  // namespace penstock
