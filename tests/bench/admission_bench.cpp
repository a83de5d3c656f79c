// What the policy costs a request: budget of the design 10 us for one admission of a 200-byte SMS. Needs
// PENSTOCK_SCRIPTS, the folder of the scripts to measure.

#include "penstock/policy.h"
#include "policy/policy_host.h"
#include "support/captured_log.h"
#include "support/recorded_metrics.h"

#include <benchmark/benchmark.h>

#include <boost/json/parse.hpp>

namespace penstock::test {
namespace {

class RealClock final : public Clock {
public:
  SteadyTime now() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }
  void wait(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed, SteadyTime deadline,
            const std::stop_token& stop) override {
    changed.wait_until(lock, stop, deadline, [] { return false; });
  }
};

struct Bench {
  RecordedMetrics metrics;
  CapturedLog log{"bench"};
  RealClock clock;
  PolicyHost host{PENSTOCK_SCRIPTS, PolicySettings{}, metrics, log.log(), clock};
};

Bench& bench() {
  static Bench instance;
  return instance;
}

void admitAll(benchmark::State& state, const Draft& draft) {
  PolicyHost& host = bench().host;
  host.admit(draft);  // makes this thread's state
  for (auto _ : state) {
    Admission admission = host.admit(draft);
    if (admission.verdict != Admission::Verdict::Admitted) state.SkipWithError("not admitted");
    benchmark::DoNotOptimize(admission);
  }
  state.SetItemsProcessed(state.iterations());
}

void admitSms(benchmark::State& state) {
  const boost::json::value request = {
      {"from", "+1 555 123 4567"}, {"to", "+15557654321"}, {"type", "sms"}, {"body", std::string(200, 'x')}};
  Draft draft;
  draft.route = "messages/sms";
  draft.members = &request.get_object();
  admitAll(state, draft);
}

void admitSmsWithKey(benchmark::State& state) {
  const boost::json::value request = {
      {"from", "+15551234567"}, {"to", "+15557654321"}, {"body", std::string(200, 'x')}};
  Draft draft;
  draft.route = "messages/sms";
  draft.members = &request.get_object();
  draft.client_key = "4f1c9a1e-51ab-4ad5-9d6c-0d7f9a6f2b11";
  admitAll(state, draft);
}

void admitMms(benchmark::State& state) {
  const boost::json::value request = boost::json::parse(
      R"({"from":"+15551234567","to":"+15557654321","type":"mms","body":"see this","timestamp":"2026-03-01T12:00:00Z",
          "attachments":["https://example.org/a.png","https://example.org/b.png"],"campaign":"spring",
          "metadata":{"order":17}})");
  Draft draft;
  draft.route = "messages/sms";
  draft.members = &request.get_object();
  admitAll(state, draft);
}

void admitInboundEmail(benchmark::State& state) {
  const boost::json::value request = {{"from", "Ann <ann+news@Example.org>"},
                                      {"to", "[bob@example.com](mailto:bob@example.com)"},
                                      {"subject", "hello"},
                                      {"body", std::string(2000, 'x')},
                                      {"xillio_id", "message-1"}};
  Draft draft;
  draft.kind = Kind::InboundMessage;
  draft.channel = Channel::Email;
  draft.route = "webhooks/email";
  draft.provider = "xillio";
  draft.provider_id_member = "xillio_id";
  draft.members = &request.get_object();
  admitAll(state, draft);
}

void admitLongBody(benchmark::State& state) {
  const boost::json::value request = {
      {"from", "+15551234567"}, {"to", "+15557654321"}, {"body", std::string(250 << 10, 'x')}};
  Draft draft;
  draft.route = "messages/sms";
  draft.members = &request.get_object();
  admitAll(state, draft);
}

void redactLine(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(bench().host.redact("refused by carrier: +1 555 123 4567, copy to ann@example.org"));
}

void askRetry(benchmark::State& state) {
  RetryQuestion question;
  question.number = 3;
  question.outcome = "not_sent";
  question.status = 503;
  for (auto _ : state) benchmark::DoNotOptimize(bench().host.retry(question));
}

BENCHMARK(admitSms);
BENCHMARK(admitSms)->Threads(2);
BENCHMARK(admitSmsWithKey);
BENCHMARK(admitMms);
BENCHMARK(admitInboundEmail);
BENCHMARK(admitLongBody);
BENCHMARK(redactLine);
BENCHMARK(askRetry);

}  // namespace
}  // namespace penstock::test

BENCHMARK_MAIN();
