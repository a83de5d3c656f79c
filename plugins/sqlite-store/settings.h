#pragma once

#include "penstock/time.h"
#include "shared/sqlite/session.h"

#include <cstddef>
#include <cstdint>

namespace penstock {
class Context;
}

namespace penstock::sqlite_store {

/// The rows of the plugin's section as its rooms use them.
struct Settings {
  sqlite::SessionOptions session;  ///< of the writer
  std::size_t readers = 0;
  Duration watch_interval{};
  Duration report_retention{};
  std::int64_t max_reports = 0;
};

Settings readSettings(const Context& context);

}  // namespace penstock::sqlite_store
