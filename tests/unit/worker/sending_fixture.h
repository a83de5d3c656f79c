#pragma once

#include "worker_fixture.h"

namespace penstock::test {

/// Messages that go through a provider to the transport.
class SendingTest : public WorkerTest {
protected:
  SendingTest() {
    providers.on_request = [](std::string_view, const Event&, std::uint32_t) {
      return requestTo("https://provider.example/send");
    };
  }

  void route(std::string provider) {
    policy.on_route = [provider = std::move(provider)](const Event&) {
      return Routing{Routing::Verdict::Routed, provider};
    };
  }
  void routeTo(std::string provider, MessageStatus stored) {
    route(std::move(provider));
    store.answer = [stored](const Event& event) {
      Persisted persisted;
      persisted.verdict = PersistVerdict::Existing;
      persisted.message = event.id;
      persisted.status = stored;
      return persisted;
    };
  }
  /// What became of one message.
  Settlement outcomeOf(const Event& event, std::uint32_t attempt = 1) {
    queue.give({event}, attempt);
    return queue.awaitSettled(1).front().settlement;
  }
  template <typename Kind>
  Kind became(const Event& event = makeOutbound(1), std::uint32_t attempt = 1) {
    const Settlement settlement = outcomeOf(event, attempt);
    const auto* kind = std::get_if<Kind>(&settlement.outcome);
    EXPECT_NE(kind, nullptr) << "it became number " << settlement.outcome.index();
    return kind == nullptr ? Kind{} : *kind;
  }
};

}  // namespace penstock::test
