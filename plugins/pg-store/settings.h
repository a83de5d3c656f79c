#pragma once

#include "penstock/time.h"
#include "shared/postgres/settings.h"

#include <cstdint>

namespace penstock {
class Context;
}

namespace penstock::pg_store {

/// The rows of the plugin's section and of the shared one as its rooms use them.
struct Settings {
  postgres::Settings postgres;
  Duration watch_interval{};
  Duration report_retention{};
  std::int64_t max_reports = 0;
};

/// [throws: StartFailure]
Settings readSettings(const Context& context);

}  // namespace penstock::pg_store
