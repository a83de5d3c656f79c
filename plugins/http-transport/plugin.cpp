#include "penstock/plugin.h"

#include "http-transport/config.h"
#include "http-transport/http_transport.h"

#include <curl/curl.h>

#include <memory>

namespace penstock::http_transport {
namespace {

class HttpTransportPlugin final : public Plugin {
public:
  void start(Context& context) override {
    // Once in a process and for good, as the plugin is never unloaded.
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (ready != CURLE_OK) throw StartFailure(std::string("libcurl does not start: ") + curl_easy_strerror(ready));
    transport_ = std::make_unique<HttpTransport>(Settings::read(context.config), lookUp, context.metrics, context.clock,
                                                 context.health, context.log);
    context.provide<Transport>(*transport_);
  }

  void stop(SteadyTime) noexcept override {
    if (transport_) transport_->stop();
  }

private:
  std::unique_ptr<HttpTransport> transport_;
};

constexpr std::string_view kProvides[] = {Transport::kInterface};
constexpr Descriptor kDescriptor{
    .fingerprint = PENSTOCK_FINGERPRINT,
    .name = PENSTOCK_PLUGIN_NAME,
    .version = "0.1.0",
    .summary = "Sends requests to providers over HTTP, to public addresses and to those that are allowed.",
    .provides = kProvides,
    .requires_ = {},
    .rows = kRows,
    .create = []() -> Plugin* { return new HttpTransportPlugin; },
};

}  // namespace
}  // namespace penstock::http_transport

PENSTOCK_PLUGIN(penstock::http_transport::kDescriptor)
