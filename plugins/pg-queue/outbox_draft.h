#pragma once

#include "penstock/policy.h"
#include "shared/durable/journal.h"

#include <cstdint>
#include <string>

namespace penstock::pg_queue {

/// A row of the outbox.
struct OutboxDraft {
  std::int64_t transaction = 0;
  std::int64_t number = 0;
  Uuid id;  ///< of the message that it becomes
  WallTime created_at{};
  Duration age{};
  std::int32_t tries = 0;
  std::string text;  ///< the JSON that a client of the HTTP API would have sent
};

/// What is to be done with a draft, and the event it becomes; of one that is refused, as much as can be told of it.
struct JudgedDraft {
  enum class Fate : std::int16_t { Publish = 0, Bury = 1, Postpone = 2 };
  JudgedDraft(const OutboxDraft& draft, const Event& event) : number(draft.number), publication(event) {}

  std::int64_t number;
  durable::Publication publication;
  Fate fate = Fate::Publish;
  std::string reason{};    ///< a stable word
  std::string sentence{};  ///< everything that is wrong with it
  Duration delay{};        ///< until it is tried again
};

/// Asks the policy, as for a request of the HTTP API. An event of more than `max_bytes` fits no queue and is refused.
/// [any thread] [does not block]
JudgedDraft judge(const OutboxDraft& draft, Policy& policy, std::int64_t max_bytes);

/// How long a draft waits after it was tried so often.
Duration delayAfter(std::int32_t tries);

}  // namespace penstock::pg_queue
