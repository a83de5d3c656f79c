#pragma once

#include "http/options.h"
#include "penstock/config.h"

#include <string>

namespace penstock {

/// Rows of section `http`.
inline constexpr ConfigRow kHttpRows[] = {
    {"public.address", ConfigType::Text, "127.0.0.1", "nonempty",
     "IP address that applications and providers reach; 0.0.0.0 or :: for all of the machine's."},
    {"public.port", ConfigType::Integer, "8080", "0..65535", "Port of that address; 0 for any free one."},
    {"admin.socket", ConfigType::Text, "", "",
     "Unix socket for operators, with mode 0600; empty: admin.sock in the data folder."},
    {"admin.address", ConfigType::Text, "", "",
     "IP address for operators instead of the unix socket; anybody who reaches it may administer. Empty: none."},
    {"admin.port", ConfigType::Integer, "8081", "0..65535", "Port of admin.address; 0 for any free one."},
    {"threads", ConfigType::Integer, "0", "0..256", "Threads that serve connections; 0: one a core."},
    {"max_connections", ConfigType::Integer, "20000", "1..1000000",
     "Open connections of the public listener; more are answered 503."},
    {"max_body", ConfigType::Size, "256KB", "1KB..64MB",
     "Largest body; a larger one is answered 413. Calls may have a bound of their own."},
    {"max_header_bytes", ConfigType::Size, "16KB", "1KB..1MB",
     "Largest request line and header fields together; larger ones are answered 431."},
    {"max_uri", ConfigType::Size, "8KB", "256..64KB", "Longest request target; a longer one is answered 414."},
    {"max_fields", ConfigType::Integer, "100", "8..1000", "Most header fields; more are answered 431."},
    {"max_buffered", ConfigType::Size, "64MB", "1MB..16GB",
     "Bytes that requests being read and answers being taken may hold, of all connections together."},
    {"max_write_buffer", ConfigType::Size, "64KB", "4KB..16MB",
     "Answers of one connection that gather before they are written."},
    {"max_pipelined", ConfigType::Integer, "16", "1..1000",
     "Requests that one connection gets answered before it is others' turn."},
    {"max_linger", ConfigType::Size, "16MB", "64KB..1GB",
     "Bytes that are read and dropped after a refusal, so that the client sees the answer."},
    {"header_timeout", ConfigType::Period, "10s", "100ms..10m", "Time for a request's head."},
    {"body_timeout", ConfigType::Period, "30s", "100ms..1h", "Time for a request's body."},
    {"idle_timeout", ConfigType::Period, "75s", "100ms..1h", "Time that a connection stays open without a request."},
    {"write_timeout", ConfigType::Period, "30s", "100ms..1h",
     "Time in which a client takes its answer, or the next 64 KB of it."},
    {"linger_timeout", ConfigType::Period, "3s", "100ms..1m",
     "Time that a refused client gets to close its connection."},
};

/// The section's values. `data_directory` holds the admin socket when its row is empty.
HttpOptions httpOptions(const Config& section, const std::string& data_directory);

}  // namespace penstock
