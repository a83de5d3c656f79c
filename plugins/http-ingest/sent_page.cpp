#include "http-ingest/sent_page.h"

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <vector>

namespace penstock {

namespace {

constexpr int kMostLookups = 10;  // of one page, so that notes of another store cost little

/// Whether the store bears out that it was sent. Failed and dead messages never were, and an alias is not the message.
bool confirmed(Reader& reader, const Uuid& id) {
  const auto detail = reader.message(id);
  if (!detail || detail->message.id != id || detail->message.kind != Kind::OutboundMessage) return false;
  switch (detail->message.status) {
    case MessageStatus::Sending:
    case MessageStatus::Unknown:
    case MessageStatus::Sent:
    case MessageStatus::Delivered:
    case MessageStatus::Read:
      return true;
    default:
      return false;
  }
}

bool lists(const Listing<SentView>& listing, const Uuid& id) {
  return std::ranges::any_of(listing.items, [&](const SentView& item) { return item.message_id == id; });
}

std::vector<SentView> missing(const Listing<SentView>& listing, Reader& reader, Cache& cache, Page page) {
  std::vector<SentView> found;
  const auto notes = cache.newest(page);
  if (!notes) return found;
  int lookups = 0;
  for (const SentNote& note : *notes) {
    if (lists(listing, note.message_id)) continue;
    if (listing.items.size() + found.size() >= page.size || ++lookups > kMostLookups) break;
    if (confirmed(reader, note.message_id)) found.push_back({note.message_id, note.sent_at});
  }
  return found;
}

}  // namespace

Listing<SentView> sentPage(Reader& reader, Cache* cache, Page page) {
  Listing<SentView> listing = reader.sent(page);
  // Behind a full page or a later one it cannot be told which notes the store has already listed elsewhere.
  if (cache == nullptr || page.number != 1 || listing.items.size() >= page.size) return listing;
  try {
    const std::vector<SentView> more = missing(listing, reader, *cache, page);
    listing.items.insert(listing.items.end(), more.begin(), more.end());
    listing.total += more.size();
  } catch (const StoreUnavailable&) {
    return listing;  // the store's own answer is whole
  }
  std::ranges::sort(listing.items, [](const SentView& left, const SentView& right) {
    return std::tie(left.sent_at, left.message_id) > std::tie(right.sent_at, right.message_id);
  });
  return listing;
}

}  // namespace penstock
