#include "penstock/plugin.h"
#include "config.h"
#include "penstock/http.h"

#include <string>

namespace {

class Hello final : public penstock::Plugin {
public:
  void start(penstock::Context& context) override {
    penstock::Route route;
    route.pattern = "/hello";
    route.handler = [greeting = context.config.text("greeting")](penstock::HttpRequest&, penstock::Responder answer) {
      answer.send(
          penstock::HttpResponse{.status = 200, .content_type = "text/plain; charset=utf-8", .body = greeting + '\n'});
    };
    context.require<penstock::Http>().add(std::move(route));
  }

  // Routes are taken back by the host; a plugin with threads ends them here.
  void stop(penstock::SteadyTime) noexcept override {}
};

// What the host may know before any code of the plugin runs. The name is that of the file, the section and the logger.
constexpr penstock::Descriptor kDescriptor{.fingerprint = PENSTOCK_FINGERPRINT,
                                           .name = PENSTOCK_PLUGIN_NAME,
                                           .version = "1.0.0",
                                           .summary = "Says hello at GET /hello.",
                                           .provides = {},
                                           .requires_ = {},
                                           .rows = hello::kRows,
                                           .create = []() -> penstock::Plugin* { return new Hello; }};

}  // namespace

PENSTOCK_PLUGIN(kDescriptor)
