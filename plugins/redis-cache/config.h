#pragma once

#include "penstock/config.h"

#include <array>
#include <string_view>

namespace penstock::redis_cache {

namespace row {
inline constexpr std::string_view kUrl = "url";
inline constexpr std::string_view kTtl = "ttl";
inline constexpr std::string_view kPrefix = "prefix";
inline constexpr std::string_view kListed = "listed";
inline constexpr std::string_view kQueue = "queue";
inline constexpr std::string_view kBatch = "batch";
inline constexpr std::string_view kConnectTimeout = "connect_timeout";
inline constexpr std::string_view kTimeout = "timeout";
inline constexpr std::string_view kReadTimeout = "read_timeout";
inline constexpr std::string_view kCaFile = "ca_file";
inline constexpr std::string_view kReconnectFirst = "reconnect.first";
inline constexpr std::string_view kReconnectLongest = "reconnect.longest";
}  // namespace row

inline constexpr std::array kRows{
    ConfigRow{row::kUrl, ConfigType::Text, "", "nonempty",
              "The server, as redis://[user:password@]host[:port][/db], rediss:// with TLS, or "
              "unix://[user:password@]/path[?db=n].",
              true},
    ConfigRow{row::kTtl, ConfigType::Period, "24h", "1s..30d", "How long a sent message is remembered."},
    ConfigRow{row::kPrefix, ConfigType::Text, "penstock:", "nonempty",
              "What every key begins with; services that share a Redis but no store need different ones."},
    ConfigRow{row::kListed, ConfigType::Integer, "10000", "50..1000000",
              "How many of the newest sent messages can be listed; older ones only have their key."},
    ConfigRow{row::kQueue, ConfigType::Integer, "10000", "1..1000000",
              "How many notes may wait to be written; beyond it the oldest are dropped."},
    ConfigRow{row::kBatch, ConfigType::Integer, "500", "1..10000", "How many notes are written at once at most."},
    ConfigRow{row::kConnectTimeout, ConfigType::Period, "2s", "10ms..30s",
              "How long connecting to one address may take, TLS included."},
    ConfigRow{row::kTimeout, ConfigType::Period, "1s", "10ms..30s",
              "How long Redis may take to answer a batch before it counts as away."},
    ConfigRow{row::kReadTimeout, ConfigType::Period, "100ms", "1ms..5s",
              "How long a reading call waits for the cache before it does without."},
    ConfigRow{row::kCaFile, ConfigType::Text, "", "",
              "PEM file of the certificate authorities to trust with rediss://; empty: the machine's."},
    ConfigRow{row::kReconnectFirst, ConfigType::Period, "100ms", "10ms..60s",
              "Longest wait after the first failure to connect; it doubles with each further one."},
    ConfigRow{row::kReconnectLongest, ConfigType::Period, "5s", "10ms..10m",
              "Longest wait between two attempts to connect."},
};

}  // namespace penstock::redis_cache
