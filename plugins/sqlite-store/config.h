#pragma once

#include "penstock/config.h"

#include <array>

namespace penstock::sqlite_store {

namespace row {
inline constexpr std::string_view kPath = "path";
inline constexpr std::string_view kReaders = "readers";
inline constexpr std::string_view kBusyTimeout = "busy_timeout";
inline constexpr std::string_view kCache = "cache";
inline constexpr std::string_view kCheckpoint = "checkpoint";
inline constexpr std::string_view kWatchInterval = "watch_interval";
inline constexpr std::string_view kReportRetention = "report_retention";
inline constexpr std::string_view kMaxReports = "max_reports";
}  // namespace row

inline constexpr std::array kRows{
    ConfigRow{row::kPath, ConfigType::Text, "", "",
              "Database file; a relative one lies in the data directory, empty means store.db there."},
    ConfigRow{row::kReaders, ConfigType::Integer, "4", "1..64",
              "How many reads run at once; each may open a session of its own."},
    ConfigRow{row::kBusyTimeout, ConfigType::Period, "5s", "100ms..60s",
              "How long a call waits for another process to finish writing, or for a free reader, before it fails."},
    ConfigRow{row::kCache, ConfigType::Size, "32MB", "1MB..8GB",
              "Most memory that the writer keeps of the database; it is taken as it is used."},
    ConfigRow{
        row::kCheckpoint, ConfigType::Size, "64MB", "1MB..1GB",
        "Size of the write-ahead log at which it is copied into the database file; the log stays below about five "
        "times that."},
    ConfigRow{row::kWatchInterval, ConfigType::Period, "500ms", "10ms..1500ms",
              "How often values that other processes may have set are looked at."},
    ConfigRow{row::kReportRetention, ConfigType::Period, "72h", "1m..30d",
              "How long a delivery report waits for the send that it belongs to."},
    ConfigRow{row::kMaxReports, ConfigType::Integer, "100000", "1..10000000",
              "How many delivery reports may wait; beyond it the oldest are forgotten."},
};

}  // namespace penstock::sqlite_store
