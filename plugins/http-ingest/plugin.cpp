#include "penstock/plugin.h"

#include "http-ingest/accept.h"
#include "http-ingest/config.h"
#include "http-ingest/dead_letter_calls.h"
#include "http-ingest/health.h"
#include "http-ingest/mock_calls.h"
#include "http-ingest/openapi.h"
#include "http-ingest/read.h"
#include "http-ingest/scheduler_calls.h"
#include "http-ingest/webhooks.h"

#include <memory>
#include <optional>

namespace penstock {
namespace {

class HttpIngest final : public Plugin {
public:
  void start(Context& context) override {
    metrics_.emplace(context.metrics);
    accept_ =
        std::make_shared<AcceptPath>(context.require<Queue>(), context.policy, context.clock, context.log, *metrics_);
    webhooks_ =
        std::make_shared<WebhookPath>(context.require<Queue>(), context.policy, context.require<ProviderWebhooks>(),
                                      context.clock, context.log, *metrics_);
    pool_.emplace(static_cast<std::size_t>(context.config.integer("reader.threads")),
                  static_cast<std::size_t>(context.config.integer("reader.backlog")), context.clock, context.log,
                  *metrics_);
    reading_.emplace(context.require<Reader>(), context.find<Cache>(), *pool_);
    dead_letters_.emplace(context.require<DeadLetters>(), *pool_, context.clock, context.log, *metrics_);
    scheduler_.emplace(context.require<Control>(), *pool_, context.log);
    mock_.emplace(context.require<Control>(), context.require<ProviderSettingsBoard>(), context.log);
    mock_calls_.emplace(*mock_, *accept_, *pool_, context.log);
    Http& http = context.require<Http>();
    for (const SendingCall& call : kSendingCalls) addSending(http, call);
    addWebhooks(http);
    addReading(http, "/api/conversations", &ReadingCalls::conversations);
    addReading(http, "/api/conversations/{id}/messages", &ReadingCalls::messages);
    addReading(http, "/api/messages/sent", &ReadingCalls::sent);
    addReading(http, "/api/messages/{id}", &ReadingCalls::message);
    addReading(http, "/messages/sent", &ReadingCalls::sent);
    addDeadLetters(http);
    addScheduler(http, Method::Get, "/scheduler", &SchedulerCalls::show);
    addScheduler(http, Method::Post, "/scheduler/start", &SchedulerCalls::start);
    addScheduler(http, Method::Post, "/scheduler/stop", &SchedulerCalls::stop);
    addMock(http, Method::Get, "/api/provider/mock/config", &MockCalls::settings, BodyRule::None);
    addMock(http, Method::Put, "/api/provider/mock/config", &MockCalls::change, BodyRule::Json);
    addMock(http, Method::Post, "/api/provider/mock/inbound", &MockCalls::inbound, BodyRule::Json);
    addHealth(http, "/livez", &answerLive, context.health);
    addHealth(http, "/readyz", &answerReady, context.health);
    addHealth(http, "/healthz", &answerReady, context.health);
    addDocument(http);
  }

  void stop(SteadyTime deadline) noexcept override {
    if (pool_) pool_->stop(deadline);
    if (mock_) mock_->stop();
    if (accept_) accept_->stop(deadline);
    if (webhooks_) webhooks_->stop(deadline);
  }

private:
  void addSending(Http& http, const SendingCall& call) {
    Route route;
    route.method = Method::Post;
    route.pattern = call.pattern;
    route.body = BodyRule::Json;
    route.handler = [this, &call](HttpRequest& request, Responder responder) {
      accept_->accept(call, request, std::move(responder));
    };
    http.add(std::move(route));
  }

  void addWebhooks(Http& http) {
    Route route;
    route.method = Method::Post;
    route.pattern = "/api/webhooks/{provider}";
    route.body = BodyRule::Any;
    route.handler = [this](HttpRequest& request, Responder responder) {
      webhooks_->accept(request, std::move(responder));
    };
    http.add(std::move(route));
  }

  void addReading(Http& http, std::string_view pattern, void (ReadingCalls::*call)(HttpRequest&, Responder)) {
    Route route;
    route.pattern = pattern;
    route.negotiates_json = pattern.starts_with("/api/");
    route.handler = [this, call](HttpRequest& request, Responder responder) {
      ((*reading_).*call)(request, std::move(responder));
    };
    http.add(std::move(route));
  }

  void addDeadLetters(Http& http) {
    addDeadLetters(http, Method::Get, "/api/dead-letters", &DeadLetterCalls::list);
    addDeadLetters(http, Method::Get, "/api/dead-letters/causes", &DeadLetterCalls::causes);
    addDeadLetters(http, Method::Post, "/api/dead-letters/replay", &DeadLetterCalls::replayMany, BodyRule::Json);
    addDeadLetters(http, Method::Get, "/api/dead-letters/{id}", &DeadLetterCalls::show);
    addDeadLetters(http, Method::Delete, "/api/dead-letters/{id}", &DeadLetterCalls::discard);
    addDeadLetters(http, Method::Post, "/api/dead-letters/{id}/replay", &DeadLetterCalls::replayOne);
  }

  void addDeadLetters(Http& http, Method method, std::string_view pattern,
                      void (DeadLetterCalls::*call)(HttpRequest&, Responder), BodyRule body = BodyRule::None) {
    Route route;
    route.method = method;
    route.pattern = pattern;
    route.body = body;
    route.negotiates_json = method == Method::Get;
    route.handler = [this, call](HttpRequest& request, Responder responder) {
      ((*dead_letters_).*call)(request, std::move(responder));
    };
    http.add(std::move(route));
  }

  void addScheduler(Http& http, Method method, std::string_view pattern,
                    void (SchedulerCalls::*call)(HttpRequest&, Responder)) {
    Route route;
    route.method = method;
    route.pattern = pattern;
    route.handler = [this, call](HttpRequest& request, Responder responder) {
      ((*scheduler_).*call)(request, std::move(responder));
    };
    http.add(std::move(route));
  }

  void addMock(Http& http, Method method, std::string_view pattern, void (MockCalls::*call)(HttpRequest&, Responder),
               BodyRule body) {
    Route route;
    route.method = method;
    route.pattern = pattern;
    route.body = body;
    route.negotiates_json = method == Method::Get;
    route.handler = [this, call](HttpRequest& request, Responder responder) {
      ((*mock_calls_).*call)(request, std::move(responder));
    };
    http.add(std::move(route));
  }

  static void addHealth(Http& http, std::string_view pattern, void (*answer)(HealthBoard&, Responder),
                        HealthBoard& board) {
    Route route;
    route.pattern = pattern;
    route.during_drain = true;
    route.handler = [answer, &board](HttpRequest&, Responder responder) { answer(board, std::move(responder)); };
    http.add(std::move(route));
  }

  static void addDocument(Http& http) {
    Route route;
    route.pattern = "/openapi.yaml";
    route.handler = [](HttpRequest&, Responder responder) {
      HttpResponse response;
      response.content_type = "application/yaml";
      response.body = kOpenApi;
      responder.send(std::move(response));
    };
    http.add(std::move(route));
  }

  std::optional<IngestMetrics> metrics_;
  std::shared_ptr<AcceptPath> accept_;
  std::shared_ptr<WebhookPath> webhooks_;
  std::optional<MockControl> mock_;
  std::optional<ReaderPool> pool_;
  std::optional<ReadingCalls> reading_;
  std::optional<DeadLetterCalls> dead_letters_;
  std::optional<SchedulerCalls> scheduler_;
  std::optional<MockCalls> mock_calls_;
};

constexpr std::string_view kRequires[] = {Http::kInterface,   Queue::kInterface,   DeadLetters::kInterface,
                                          Reader::kInterface, Control::kInterface, ProviderWebhooks::kInterface};
constexpr std::string_view kUses[] = {Cache::kInterface};

constexpr Descriptor kDescriptor{
    .fingerprint = PENSTOCK_FINGERPRINT,
    .name = PENSTOCK_PLUGIN_NAME,
    .version = "0.1.0",
    .summary =
        "The public HTTP API: accepts messages and webhooks, reads conversations, tends dead letters and the mock.",
    .provides = {},
    .requires_ = kRequires,
    .rows = kIngestRows,
    .create = []() -> Plugin* { return new HttpIngest; },
    .uses = kUses,
};

}  // namespace
}  // namespace penstock

PENSTOCK_PLUGIN(penstock::kDescriptor)
