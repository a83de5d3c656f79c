#pragma once

#include "penstock/event.h"
#include "penstock/metrics.h"

namespace penstock {

inline constexpr CounterSpec kPublished{"penstock_ingest_published_total", "Events the queue accepted, by kind."};
inline constexpr CounterSpec kDuplicates{"penstock_ingest_duplicates_total",
                                         "Requests answered with the id of an earlier event, by kind."};
inline constexpr CounterSpec kConflicts{"penstock_ingest_conflicts_total",
                                        "Requests refused because their key was used with other content."};
inline constexpr CounterSpec kRefused{"penstock_ingest_refused_total",
                                      "Sending requests refused before anything was stored, by reason."};
inline constexpr CounterSpec kReadsRefused{"penstock_ingest_reads_refused_total",
                                           "Reading requests refused because too many were waiting."};
inline constexpr CounterSpec kReadsFailed{"penstock_ingest_reads_failed_total",
                                          "Reading requests that the store could not answer."};
inline constexpr CounterSpec kDeadLettersReplayed{"penstock_ingest_dead_letters_replayed_total",
                                                  "Dead letters that clients put back on the queue."};
inline constexpr CounterSpec kDeadLettersDiscarded{"penstock_ingest_dead_letters_discarded_total",
                                                   "Dead letters that clients removed for good."};
inline constexpr HistogramSpec kPublishTime{
    "penstock_ingest_publish_seconds", "Time from publishing an event until the queue answered.", Buckets::Request};

struct IngestMetrics {
  /// Counters of one kind of event.
  struct OfKind {
    OfKind(Metrics& metrics, Kind kind)
        : published(metrics.counter(kPublished, {{"kind", word(kind)}})),
          duplicates(metrics.counter(kDuplicates, {{"kind", word(kind)}})) {}
    Counter& published;
    Counter& duplicates;
  };

  explicit IngestMetrics(Metrics& metrics)
      : outbound(metrics, Kind::OutboundMessage),
        inbound(metrics, Kind::InboundMessage),
        reports(metrics, Kind::DeliveryStatus),
        conflicts(metrics.counter(kConflicts)),
        refused_invalid(metrics.counter(kRefused, {{"reason", "invalid"}})),
        refused_malformed(metrics.counter(kRefused, {{"reason", "malformed"}})),
        refused_forged(metrics.counter(kRefused, {{"reason", "forged"}})),
        refused_policy(metrics.counter(kRefused, {{"reason", "policy"}})),
        refused_full(metrics.counter(kRefused, {{"reason", "full"}})),
        refused_unavailable(metrics.counter(kRefused, {{"reason", "unavailable"}})),
        reads_refused(metrics.counter(kReadsRefused)),
        reads_failed(metrics.counter(kReadsFailed)),
        dead_letters_replayed(metrics.counter(kDeadLettersReplayed)),
        dead_letters_discarded(metrics.counter(kDeadLettersDiscarded)),
        publish_time(metrics.histogram(kPublishTime)) {}

  OfKind& of(Kind kind) {
    if (kind == Kind::DeliveryStatus) return reports;
    return kind == Kind::InboundMessage ? inbound : outbound;
  }

  OfKind outbound;
  OfKind inbound;
  OfKind reports;
  Counter& conflicts;
  Counter& refused_invalid;
  Counter& refused_malformed;
  Counter& refused_forged;
  Counter& refused_policy;
  Counter& refused_full;
  Counter& refused_unavailable;
  Counter& reads_refused;
  Counter& reads_failed;
  Counter& dead_letters_replayed;
  Counter& dead_letters_discarded;
  Histogram& publish_time;
};

}  // namespace penstock
