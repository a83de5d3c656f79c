#pragma once

#include "penstock/config.h"

#include <array>

namespace penstock::http_transport {

inline constexpr std::array kRows{
    ConfigRow{"allow", ConfigType::List, "", "",
              "Targets that may be private or plain http: host, .suffix or host:port; without a port, any port."},
    ConfigRow{"ports", ConfigType::List, "443", "", "Ports of public hosts that requests may go to."},
    ConfigRow{"threads", ConfigType::Integer, "1", "1..16",
              "Threads that send; requests to one host and port share one and its connections."},
    ConfigRow{
        "max_in_flight", ConfigType::Integer, "8192", "1..100000",
        "Requests at once, each with a connection unless it is HTTP/2; more fail as busy. Above worker.in_flight, "
        "by which messages wait instead."},
    ConfigRow{"max_idle", ConfigType::Integer, "512", "1..100000",
              "Connections that each thread keeps open for the next request, beside those in use."},
    ConfigRow{
        "idle_timeout", ConfigType::Period, "30s", "1s..10m",
        "How long a connection is kept; shorter than receivers keep theirs, or a request may meet the end of one."},
    ConfigRow{"connect_timeout", ConfigType::Period, "10s", "10ms..5m",
              "Longest time to connect, TLS included; a request's own deadline may come first."},
    ConfigRow{"max_response", ConfigType::Size, "64KB", "1KB..16MB",
              "Most bytes of an answer's body that are read; what goes on is cut off."},
    ConfigRow{"ca_file", ConfigType::Text, "", "",
              "PEM file of the certificate authorities to trust; empty: the machine's."},
    ConfigRow{"dns.cache", ConfigType::Period, "60s", "0s..10m", "How long the addresses of a name are remembered."},
    ConfigRow{"dns.threads", ConfigType::Integer, "4", "1..64", "Names that are looked up at once."},
    ConfigRow{
        "proxy.url", ConfigType::Text, "", "",
        "Proxy such as http://proxy.example:3128; it looks names up, so it must refuse private addresses itself."},
    ConfigRow{"proxy.direct", ConfigType::List, "", "",
              "Targets that are reached without the proxy: host, .suffix or host:port."},
};

}  // namespace penstock::http_transport
