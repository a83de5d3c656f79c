#include "shared/durable/journal.h"

namespace penstock::durable {

Publication::Publication(const Event& event)
    : id(event.id),
      key(event.key),
      fingerprint(event.fingerprint),
      conversation(Digest128::of({event.customer, event.conversation})),
      customer(event.customer),
      provider(event.content.provider),
      kind(event.kind),
      text(serialize(event)) {}

}  // namespace penstock::durable
