#pragma once

#include "penstock/config.h"

#include <array>

namespace penstock::pg_store {

namespace row {
inline constexpr std::string_view kWatchInterval = "watch_interval";
inline constexpr std::string_view kReportRetention = "report_retention";
inline constexpr std::string_view kMaxReports = "max_reports";
}  // namespace row

inline constexpr std::array kRows{
    ConfigRow{row::kWatchInterval, ConfigType::Period, "500ms", "10ms..1500ms",
              "How often values that other processes may have set are looked at, although the server tells of each; "
              "totals are gathered as often."},
    ConfigRow{row::kReportRetention, ConfigType::Period, "72h", "1m..30d",
              "How long a delivery report waits for the send that it belongs to."},
    ConfigRow{row::kMaxReports, ConfigType::Integer, "100000", "1..10000000",
              "How many delivery reports may wait; beyond it the oldest are forgotten."},
};

}  // namespace penstock::pg_store
