#pragma once

#include "penstock/config.h"
#include "penstock/plugin.h"

#include <array>

namespace penstock::postgres {

namespace row {
inline constexpr std::string_view kUrl = "url";
inline constexpr std::string_view kMigrate = "migrate";
inline constexpr std::string_view kConnections = "connections";
inline constexpr std::string_view kWait = "wait";
inline constexpr std::string_view kConnectTimeout = "connect_timeout";
inline constexpr std::string_view kStatementTimeout = "statement_timeout";
inline constexpr std::string_view kLockTimeout = "lock_timeout";
inline constexpr std::string_view kTransactionTimeout = "transaction_timeout";
inline constexpr std::string_view kReconnectFirst = "reconnect.first";
inline constexpr std::string_view kReconnectLongest = "reconnect.longest";
}  // namespace row

/// The section that all plugins on PostgreSQL share.
inline constexpr std::string_view kSection = "pg";

inline constexpr std::array kRows{
    ConfigRow{row::kUrl, ConfigType::Text, "", "nonempty",
              "The database, as postgres://user:password@host:port/database or as key=value words of libpq.", true},
    ConfigRow{row::kMigrate, ConfigType::Boolean, "true", "",
              "Whether a start brings the schema up to date; without it only penstockd --migrate does."},
    ConfigRow{row::kConnections, ConfigType::Integer, "8", "1..200",
              "How many connections a plugin opens at most, beside one that listens for changes."},
    ConfigRow{row::kWait, ConfigType::Period, "5s", "10ms..60s",
              "How long a call waits for a free connection before it fails."},
    ConfigRow{row::kConnectTimeout, ConfigType::Period, "5s", "2s..60s",
              "How long the server may take to answer a new connection, unless the URL says connect_timeout; whole "
              "seconds."},
    ConfigRow{row::kStatementTimeout, ConfigType::Period, "30s", "1s..10m",
              "After how long the server ends a statement; migrations are not bound by it."},
    ConfigRow{row::kLockTimeout, ConfigType::Period, "5s", "100ms..60s",
              "How long a statement waits for a lock of another transaction."},
    ConfigRow{row::kTransactionTimeout, ConfigType::Period, "30s", "1s..10m",
              "After how long the server ends a transaction in which nothing happens."},
    ConfigRow{row::kReconnectFirst, ConfigType::Period, "100ms", "10ms..10s",
              "Longest wait after the first failure to connect; it doubles and a random part of it is waited."},
    ConfigRow{row::kReconnectLongest, ConfigType::Period, "2s", "100ms..60s",
              "Longest wait between two attempts to connect."},
};

inline constexpr std::array kShared{SharedSection{kSection, kRows}};

}  // namespace penstock::postgres
