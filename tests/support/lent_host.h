#pragma once

#include "loader/host_services.h"
#include "support/manual_clock.h"
#include "support/recorded_metrics.h"
#include "support/row_config.h"
#include "support/stub_health_board.h"
#include "support/stub_policy.h"

#include <Poco/Logger.h>

#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace penstock::test {

/// What a host lends plugins whose rows are all left at their defaults.
struct LentHost {
  RowConfig section{{}};
  RecordedMetrics metrics;
  ManualClock clock;
  StubPolicy policy;
  StubHealthBoard board;
  std::vector<std::pair<std::string, std::string>> fatal;
  Log log{Poco::Logger::get("loader")};

  HostServices services() {
    return {metrics,
            clock,
            policy,
            board,
            "/data",
            "/migrations",
            [this](std::string_view) -> const Config& { return section; },
            [this](std::string_view plugin, std::string sentence) { fatal.emplace_back(plugin, std::move(sentence)); }};
  }
};

}  // namespace penstock::test
