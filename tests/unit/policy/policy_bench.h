#pragma once

#include "policy/policy_host.h"
#include "policy/provider_declaration.h"
#include "support/captured_log.h"
#include "support/manual_clock.h"
#include "support/recorded_metrics.h"
#include "support/row_config.h"
#include "support/temporary_folder.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace penstock::test {

/// The shipped scripts in a folder of their own, where a test may write others in their place.
class ScriptFolder {
public:
  ScriptFolder() {
    for (const ScriptName script : kScripts)
      std::filesystem::copy_file(std::filesystem::path(PENSTOCK_SCRIPTS) / file(script), path() / file(script));
    std::filesystem::copy(std::filesystem::path(PENSTOCK_SCRIPTS) / kProviderFolder, path() / kProviderFolder);
  }

  static std::string file(ScriptName script) { return std::string(word(script)) + ".lua"; }
  const std::filesystem::path& path() const { return folder_.path(); }

  void write(ScriptName script, const std::string& text) {
    std::ofstream(path() / file(script), std::ios::binary) << text;
  }
  void writeProvider(const std::string& name, const std::string& text) {
    std::ofstream(path() / kProviderFolder / (name + ".lua"), std::ios::binary) << text;
  }
  void remove(ScriptName script) { std::filesystem::remove(path() / file(script)); }

private:
  TemporaryFolder folder_;
};

/// A request as http-ingest would hand it over.
struct Request {
  explicit Request(const std::string& json) : value(boost::json::parse(json)) {}

  static Request sms(const std::string& json) {
    Request request(json);
    request.draft.route = "messages/sms";
    return request;
  }
  static Request email(const std::string& json) {
    Request request(json);
    request.draft.route = "messages/email";
    request.draft.channel = Channel::Email;
    return request;
  }
  static Request inboundSms(const std::string& json) {
    Request request(json);
    request.draft.kind = Kind::InboundMessage;
    request.draft.route = "webhooks/sms";
    request.draft.provider = "messaging";
    request.draft.provider_id_member = "messaging_provider_id";
    return request;
  }
  static Request inboundEmail(const std::string& json) {
    Request request = inboundSms(json);
    request.draft.channel = Channel::Email;
    request.draft.route = "webhooks/email";
    request.draft.provider = "xillio";
    request.draft.provider_id_member = "xillio_id";
    return request;
  }

  const Draft& asDraft() {
    draft.members = &value.as_object();
    draft.request_id = "request-1";
    return draft;
  }

  boost::json::value value;
  Draft draft;
};

/// A host over a script folder, made on first use so that a test can write scripts first.
class PolicyBench {
public:
  // Processor time is dear under sanitizers; tests of the deadline set their own.
  PolicyBench() {
    settings.deadline = std::chrono::milliseconds(250);
    settings.inbound_deadline = std::chrono::milliseconds(250);
    settings.routes = {"mock", "mock", "mock"};
    configure("mock");
  }

  /// Configures a provider of the folder, as a section of penstock.lua would.
  void configure(const std::string& name, const Overrides& values = {}) {
    for (const auto& declaration : readDeclarations(scripts.path(), clock).providers)
      if (declaration->name == name)
        settings.providers.insert_or_assign(name, providerSettings(*declaration, RowConfig(declaration->rows, values)));
  }
  /// Writes a provider's script and configures it.
  void provide(const std::string& name, const std::string& script, const Overrides& values = {}) {
    scripts.writeProvider(name, script);
    configure(name, values);
  }

  PolicyHost& host() {
    if (!host_) host_ = std::make_unique<PolicyHost>(scripts.path(), settings, metrics, log.log(), clock);
    return *host_;
  }
  Admission admit(Request request) { return host().admit(request.asDraft()); }

  /// The admitted event; a refusal fails the test by exception.
  Event event(Request request) {
    Admission admission = admit(std::move(request));
    if (admission.verdict != Admission::Verdict::Admitted)
      throw std::logic_error("not admitted: " + (admission.faults.empty() ? "script failed"
                                                                          : admission.faults.front().field + " " +
                                                                                admission.faults.front().message));
    return std::move(admission.event);
  }

  double failures(ScriptName script, FailureReason reason) {
    return metrics.value("penstock_lua_failures_total{script=\"" + std::string(word(script)) + "\",reason=\"" +
                         std::string(word(reason)) + "\"}");
  }

  ScriptFolder scripts;
  PolicySettings settings;
  RecordedMetrics metrics;
  CapturedLog log{"policy"};
  ManualClock clock;

private:
  std::unique_ptr<PolicyHost> host_;
};

/// Runs Lua code as the body of redact.lua: what it returns for `text`, or the sentence of a failure.
inline std::string evaluate(const std::string& code, const std::string& text = "x") {
  PolicyBench bench;
  bench.scripts.write(ScriptName::Redact, "return function(text) " + code + " end");
  return bench.host().redact(text);
}

inline const std::string kSms = R"({"from":"+15551234567","to":"+15557654321","body":"hello"})";
inline const std::string kEmail = R"({"from":"ann@example.org","to":"bob@example.com","body":"hello"})";

}  // namespace penstock::test
