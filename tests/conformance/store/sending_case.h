#pragma once

#include "conformance/store/suite.h"

namespace penstock::test {

/// A store that has one message, accepted and asked for by nobody yet.
class SendingCase : public StoreCase {
protected:
  SendingCase() { persist(event); }
  const Event event = outbound();

  void end(std::uint32_t number, AttemptOutcome outcome, AttemptEnd how = AttemptEnd::Open) {
    Attempt ended = attempt(event, number, outcome);
    ended.end = how;
    record(ended);
  }
};

}  // namespace penstock::test
