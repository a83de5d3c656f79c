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

std::string tookTooLong() {
  return "the dead letters could not be read within " + std::to_string(kReadLimit.count()) +
         " s; ask for fewer: by cause, provider or time";
}

}  // namespace penstock::durable
