#pragma once

#include "penstock/metrics.h"

namespace penstock {

inline constexpr CounterSpec kScrapes{"penstock_metrics_scrapes_total", "Scrapes that were answered, by format."};
inline constexpr CounterSpec kScrapesRefused{"penstock_metrics_scrapes_refused_total",
                                             "Scrapes that were answered 503 because too many waited."};
inline constexpr CounterSpec kScrapeFailures{"penstock_metrics_scrape_failures_total",
                                             "Scrapes that were answered 500 because writing them failed."};
inline constexpr HistogramSpec kScrapeTime{"penstock_metrics_scrape_duration_seconds",
                                           "Time to write the exposition for the scrapes that waited.",
                                           Buckets::Request};

}  // namespace penstock
