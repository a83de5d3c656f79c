#pragma once

#include "penstock/provider_webhooks.h"

#include <string>
#include <vector>

namespace penstock::test {

/// Providers whose reading the test sets; by default nobody receives.
struct FakeWebhooks final : ProviderWebhooks {
  FakeWebhooks() { reading.verdict = WebhookReading::Verdict::NoReceiver; }

  WebhookReading read(std::string_view provider, const WebhookRequest& request) override {
    asked.push_back(std::string(provider) + "?" + std::string(request.query) + " " + std::string(request.body));
    return reading;
  }

  WebhookReading reading;
  std::vector<std::string> asked;  ///< provider, query and body of each request
};

}  // namespace penstock::test
