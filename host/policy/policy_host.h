#pragma once

#include "penstock/clock.h"
#include "penstock/log.h"
#include "penstock/metrics.h"
#include "penstock/policy.h"
#include "penstock/provider_settings.h"
#include "penstock/provider_webhooks.h"
#include "penstock/providers.h"
#include "policy/failure_log.h"
#include "policy/metrics.h"
#include "policy/policy_fault.h"
#include "policy/script_set.h"
#include "policy/settings.h"
#include "policy/thread_states.h"

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>

namespace penstock {

/// The policy and the providers in force: scripts of a folder, run in one sandboxed state a thread, replaced whole by a
/// reload.
class PolicyHost final : public Policy, public Providers, public ProviderSettingsBoard, public ProviderWebhooks {
public:
  /// Loads the scripts. [throws: PolicyFault]
  PolicyHost(std::filesystem::path folder, const PolicySettings& settings, Metrics& metrics, Log log, Clock& clock);

  /// Reads and compiles the scripts again and swaps them in; calls under way end with the old ones. When a script does
  /// not load the old policy stays; counted and logged with file and line. [any thread] [blocks: reads files]
  /// [throws: PolicyFault]
  void reload(const PolicySettings& settings);

  Admission admit(const Draft& draft) override;
  std::optional<Duration> retry(const RetryQuestion& question) override;
  Routing route(const Event& event) override;
  std::string redact(std::string_view text) override;
  Digest128 hash() const override;

  std::vector<ProviderTraits> list() override;
  std::optional<ProviderTraits> traits(std::string_view provider) override;
  SendStep request(std::string_view provider, const Event& event, std::uint32_t attempt) override;
  SendStep lookup(std::string_view provider, const Event& event) override;
  SendVerdict conclude(std::string_view provider, const Event& event, const OutboundResponse& answer,
                       bool of_lookup) override;
  std::optional<boost::json::object> settings(std::string_view provider) override;
  void adjust(std::string_view provider, const boost::json::object& values) override;

  WebhookReading read(std::string_view provider, const WebhookRequest& request) override;

private:
  std::shared_ptr<const ScriptSet> load(const PolicySettings& settings);
  std::shared_ptr<const ScriptSet> checked(std::shared_ptr<ScriptSet> scripts);
  void put(std::shared_ptr<const ScriptSet> scripts);
  SendStep ask(std::string_view provider, ProviderCall call, const Event& event, std::uint32_t attempt);
  void finishCall(ScriptState& state, const std::optional<ScriptFailure>& failure, std::string_view request_id);
  std::shared_ptr<const ScriptSet> current(std::uint64_t& epoch) const;
  ScriptState* threadState();
  std::optional<std::string> redactWith(ScriptState& state, std::string_view text);
  void report(const ScriptFailure& failure, std::string_view request_id);
  void writeLines(ScriptState& state, std::string_view request_id);

  const std::filesystem::path folder_;
  PolicyMetrics metrics_;
  Log log_;
  Clock& clock_;
  FailureLog failures_;
  std::mutex reloading_;
  mutable std::mutex mutex_;
  std::shared_ptr<const ScriptSet> scripts_;
  std::atomic<std::uint64_t> epoch_{1};
  ThreadStates states_;
};

}  // namespace penstock
