#pragma once

#include "penstock/provider_settings.h"
#include "penstock/providers.h"

#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace penstock::test {

/// Providers whose scripts are the test's functions. Set them before threads call.
class FakeProviders final : public Providers, public ProviderSettingsBoard {
public:
  std::vector<ProviderTraits> all{
      {.name = "plain"}, {.name = "keyed", .takes_key = true}, {.name = "asked", .looks_up = true}};
  std::function<SendStep(std::string_view, const Event&, std::uint32_t)> on_request = [](std::string_view, const Event&,
                                                                                         std::uint32_t) {
    SendVerdict sent;
    sent.outcome = AttemptOutcome::Sent;
    sent.provider_message_id = "p-1";
    return SendStep(sent);
  };
  std::function<SendStep(const Event&)> on_lookup = [](const Event&) { return SendStep(SendVerdict{}); };
  std::function<SendVerdict(const OutboundResponse&, bool)> on_conclude = [](const OutboundResponse& answer, bool) {
    SendVerdict verdict;
    verdict.http_status = static_cast<int>(answer.status);
    verdict.outcome = answer.status < 300 ? AttemptOutcome::Sent : AttemptOutcome::NotSent;
    verdict.retryable = answer.status >= 500 || answer.status == 429;
    verdict.reason = answer.status < 300 ? "" : "HTTP " + std::to_string(answer.status);
    return verdict;
  };

  std::vector<ProviderTraits> list() override { return all; }
  std::optional<ProviderTraits> traits(std::string_view provider) override {
    for (const ProviderTraits& one : all)
      if (one.name == provider) return one;
    return std::nullopt;
  }
  SendStep request(std::string_view provider, const Event& event, std::uint32_t attempt) override {
    return on_request(provider, event, attempt);
  }
  SendStep lookup(std::string_view, const Event& event) override { return on_lookup(event); }
  SendVerdict conclude(std::string_view, const Event&, const OutboundResponse& answer, bool of_lookup) override {
    return on_conclude(answer, of_lookup);
  }
  std::optional<boost::json::object> settings(std::string_view provider) override {
    std::lock_guard guard(mutex_);
    const auto found = told.find(provider);
    if (found == told.end()) return std::nullopt;
    return found->second;
  }
  void adjust(std::string_view provider, const boost::json::object& values) override {
    std::lock_guard guard(mutex_);
    const auto found = told.find(provider);
    if (found == told.end()) return;
    for (const auto& member : values) found->second[member.key()] = member.value();
  }

  /// What each is told of its section.
  std::map<std::string, boost::json::object, std::less<>> told;

private:
  std::mutex mutex_;
};

/// A request as a provider would want it.
inline SendStep requestTo(std::string url) {
  OutboundRequest request;
  request.url = std::move(url);
  return request;
}

}  // namespace penstock::test
