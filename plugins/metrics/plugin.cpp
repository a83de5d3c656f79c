#include "penstock/plugin.h"

#include "metrics/config.h"
#include "metrics/scrapes.h"
#include "penstock/http.h"

#include <memory>

namespace penstock {
namespace {

class MetricsPlugin final : public Plugin {
public:
  void start(Context& context) override {
    scrapes_ = std::make_shared<Scrapes>(context.require<Exposition>(), context.metrics, context.clock, context.log,
                                         static_cast<std::size_t>(context.config.integer("max_waiting")));
    Route route;
    route.pattern = "/metrics";
    route.during_drain = true;
    route.handler = [scrapes = scrapes_](HttpRequest& request, Responder responder) {
      scrapes->ask(preferredFormat(request), std::move(responder));
    };
    context.require<Http>().add(std::move(route));
  }

  void stop(SteadyTime) noexcept override {
    if (scrapes_) scrapes_->stop();
  }

private:
  std::shared_ptr<Scrapes> scrapes_;
};

constexpr std::string_view kRequires[] = {Http::kInterface, Exposition::kInterface};

constexpr Descriptor kDescriptor{PENSTOCK_FINGERPRINT,
                                 PENSTOCK_PLUGIN_NAME,
                                 "0.1.0",
                                 "Shows the host's metrics to Prometheus at GET /metrics.",
                                 {},
                                 kRequires,
                                 kMetricsRows,
                                 []() -> Plugin* { return new MetricsPlugin; }};

}  // namespace
}  // namespace penstock

PENSTOCK_PLUGIN(penstock::kDescriptor)
