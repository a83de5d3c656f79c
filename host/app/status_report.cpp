#include "app/status_report.h"

#include "penstock/json.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

namespace penstock {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

struct Label {
  std::string_view name;
  std::string_view value;
};

/// A total that goes to the reader under a name that stays, whatever the series behind it is called.
struct Total {
  std::string_view name;
  std::string_view series;
  Label label{};  ///< only series with it; without a name: all
};

constexpr std::array kCounters{
    Total{"accepted", "penstock_ingest_published_total"},
    Total{"duplicates", "penstock_ingest_duplicates_total"},
    Total{"refused", "penstock_ingest_refused_total"},
    Total{"persisted", "penstock_store_messages_total", {"verdict", "inserted"}},
    Total{"sent", "penstock_sends_total", {"outcome", "sent"}},
    Total{"not_sent", "penstock_sends_total", {"outcome", "not_sent"}},
    Total{"unknown", "penstock_sends_total", {"outcome", "unknown"}},
    Total{"retried", "penstock_worker_retried_total"},
    Total{"dead", "penstock_queue_dead_letters_total"},
};

constexpr std::array kQueueCounts{
    Total{"ready", "penstock_queue_ready"},
    Total{"leased", "penstock_queue_leased"},
    Total{"scheduled", "penstock_queue_scheduled"},
    Total{"dead", "penstock_queue_dead"},
    Total{"bytes", "penstock_queue_bytes"},
    Total{"oldest_ready_age_seconds", "penstock_queue_oldest_ready_age_seconds"},
};

double valueOf(const MetricFamily& family, const ClientMetric& metric) {
  return family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value;
}

std::string_view labelOf(const ClientMetric& metric, std::string_view name) {
  for (const ClientMetric::Label& label : metric.label)
    if (label.name == name) return label.value;
  return {};
}

class Readings {
public:
  explicit Readings(const std::vector<MetricFamily>& families) : families_(families) {}

  const MetricFamily* family(std::string_view name) const {
    const auto found = std::ranges::find(families_, name, &MetricFamily::name);
    return found == families_.end() ? nullptr : &*found;
  }

  template <typename Visit>
  void each(std::string_view name, Visit&& visit) const {
    const MetricFamily* found = family(name);
    if (found == nullptr) return;
    for (const ClientMetric& metric : found->metric) visit(metric, valueOf(*found, metric));
  }

  std::optional<double> total(const Total& wanted) const {
    std::optional<double> sum;
    each(wanted.series, [&](const ClientMetric& metric, double value) {
      if (wanted.label.name.empty() || labelOf(metric, wanted.label.name) == wanted.label.value)
        sum = sum.value_or(0) + value;
    });
    return sum;
  }

private:
  const std::vector<MetricFamily>& families_;
};

void number(JsonWriter& json, std::optional<double> value) {
  if (!value || !std::isfinite(*value)) {
    json.null();
    return;
  }
  std::array<char, 400> digits;  // of the largest double in this form
  const bool whole = std::trunc(*value) == *value;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), *value, std::chars_format::fixed, whole ? 0 : 6).ptr;
  json.raw({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void truth(JsonWriter& json, std::optional<double> value) {
  if (value)
    json.value(*value != 0);
  else
    json.null();
}

void textOrNull(JsonWriter& json, std::string_view name, const std::string& text) {
  json.name(name);
  if (text.empty())
    json.null();
  else
    json.value(text);
}

std::string_view word(HealthState state) {
  constexpr std::array<std::string_view, 3> kWords{"ready", "degraded", "down"};
  return kWords.at(static_cast<std::size_t>(state));
}

void writePlugins(JsonWriter& json, const std::vector<PluginHealth>& plugins) {
  json.name("plugins").beginArray();
  for (const PluginHealth& each : plugins) {
    json.beginObject().member("plugin", each.plugin).member("state", word(each.health.state));
    textOrNull(json, "reason", each.health.reason);
    json.endObject();
  }
  json.endArray();
}

void writeQueue(JsonWriter& json, const StatusReport& report, const Readings& readings) {
  json.name("queue");
  if (report.queue.empty()) {
    json.null();
    return;
  }
  json.beginObject().member("engine", report.queue);
  truth(json.name("up"), readings.total({{}, "penstock_queue_up"}));
  for (const Total& count : kQueueCounts) number(json.name(count.name), readings.total(count));
  json.endObject();
}

void writeBreakers(JsonWriter& json, const Readings& readings) {
  json.name("breakers").beginArray();
  readings.each("penstock_breaker_open", [&](const ClientMetric& metric, double open) {
    json.beginObject().member("provider", labelOf(metric, "provider"));
    json.member("state", open >= 1 ? "open" : open > 0 ? "half_open" : "closed").endObject();
  });
  json.endArray();
}

void writeDatabases(JsonWriter& json, const Readings& readings) {
  json.name("databases").beginArray();
  readings.each("penstock_database_up", [&](const ClientMetric& metric, double up) {
    const std::string_view engine = labelOf(metric, "engine");
    json.beginObject().member("engine", engine).member("up", up != 0);
    number(json.name("connections_in_use"),
           readings.total({{}, "penstock_database_connections_in_use", {"engine", engine}}));
    number(json.name("oldest_transaction_seconds"),
           readings.total({{}, "penstock_database_oldest_transaction_seconds", {"engine", engine}}));
    json.endObject();
  });
  json.endArray();
}

/// What the worker has put aside, by cause; null where there is no worker.
void writeWaiting(JsonWriter& json, const Readings& readings) {
  json.name("waiting");
  if (readings.family("penstock_send_waiting") == nullptr) {
    json.null();
    return;
  }
  json.beginObject();
  readings.each("penstock_send_waiting", [&](const ClientMetric& metric, double messages) {
    number(json.name(labelOf(metric, "cause")), messages);
  });
  json.endObject();
}

void writePolicy(JsonWriter& json, const StatusReport& report, const Readings& readings) {
  json.name("policy").beginObject().member("hash", report.policy);
  truth(json.name("last_reload_taken"), readings.total({{}, "penstock_config_last_reload_successful"}));
  json.name("needs_restart").beginArray();
  for (const std::string& key : report.needs_restart) json.value(key);
  json.endArray().endObject();
}

}  // namespace

std::string toJson(const StatusReport& report) {
  const Readings readings(report.metrics);
  std::string text;
  JsonWriter json(text);
  json.beginObject().member("version", report.version).member("pid", static_cast<std::int64_t>(::getpid()));
  number(json.name("uptime_seconds"), std::chrono::duration<double>(report.uptime).count());
  json.member("started_at", report.started_at).member("state", word(report.state));
  writePlugins(json, report.plugins);
  json.name("stalled").beginArray();
  for (const std::string& loop : report.stalled) json.value(loop);
  json.endArray().name("listeners").beginObject();
  textOrNull(json, "public", report.public_place);
  textOrNull(json, "admin", report.admin_place);
  json.endObject();
  writePolicy(json, report, readings);
  writeQueue(json, report, readings);
  json.name("counters").beginObject();
  for (const Total& counter : kCounters) number(json.name(counter.name), readings.total(counter));
  json.endObject();
  writeBreakers(json, readings);
  writeDatabases(json, readings);
  truth(json.name("sending"), readings.total({{}, "penstock_worker_scheduler_running"}));
  writeWaiting(json, readings);
  number(json.name("sends_in_flight"), readings.total({{}, "penstock_sends_in_flight"}));
  number(json.name("resident_bytes"), readings.total({{}, "process_resident_memory_bytes"}));
  json.endObject();
  return text;
}

}  // namespace penstock
