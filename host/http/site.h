#pragma once

#include "http/buffer.h"
#include "http/census.h"
#include "http/head.h"
#include "http/metrics.h"
#include "http/options.h"
#include "http/router.h"
#include "penstock/log.h"

#include <array>
#include <atomic>
#include <memory>

namespace penstock {

/// What the loops of one server share. Nothing but atomics and instruments changes once they run.
struct Site {
  Site(HttpOptions bounds, Metrics& registry, const Log& logger)
      : options(std::move(bounds)),
        limits{options.max_header_bytes, options.max_uri, options.max_fields},
        metrics(registry),
        log(logger),
        budget(std::make_shared<Budget>(options.max_buffered)) {}

  /// A connection enters when it is accepted; it leaves when it is closed, having been answered before or not at all.
  void entered(ListenerName listener, bool admitted) {
    admitted ? census[static_cast<std::size_t>(listener)].entered() : void(++refusing);
  }
  void left(ListenerName listener, bool admitted, bool waiting) {
    if (!admitted) {
      --refusing;
      return;
    }
    if (waiting) census[static_cast<std::size_t>(listener)].answered();
    census[static_cast<std::size_t>(listener)].left();
  }

  Router& router(ListenerName listener) { return routers[static_cast<std::size_t>(listener)]; }

  const HttpOptions options;
  const HeadLimits limits;
  HttpMetrics metrics;
  const Log log;
  std::array<Router, 2> routers;         ///< by ListenerName
  std::shared_ptr<Budget> budget;        ///< outlives the site while a responder holds a connection
  std::array<Census, 2> census;          ///< by ListenerName
  std::atomic<std::size_t> refusing{0};  ///< connections over the cap that linger after their 503
  std::atomic<bool> draining{false};
  std::atomic<bool> drained{false};  ///< requests that were begun before the drain are too late now
};

}  // namespace penstock
