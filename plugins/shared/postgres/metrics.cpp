#include "shared/postgres/metrics.h"

namespace penstock::postgres {

namespace {

constexpr std::string_view kLost = "08";
constexpr std::string_view kOther = "other";
// PostgreSQL's manual, appendix A: connections, data, constraints, transactions, conflicts, rights and names,
// resources, limits, state, the operator, the system.
constexpr std::string_view kClasses[] = {kLost, "22", "23", "25", "40", "42", "53", "54", "55", "57", "58", kOther};

}  // namespace

DatabaseMetrics::DatabaseMetrics(Metrics& registry, std::string_view engine)
    : in_use(registry.gauge(metric::kInUse, {{"engine", engine}})),
      up(registry.gauge(metric::kUp, {{"engine", engine}})),
      oldest_transaction(registry.gauge(metric::kOldest, {{"engine", engine}})),
      registry_(registry),
      engine_(engine) {
  for (const std::string_view kind : kClasses)
    errors_[kind] = &registry.counter(metric::kErrors, {{"engine", engine}, {"sqlstate", kind}});
}

Counter& DatabaseMetrics::errors(std::string_view sqlstate) const {
  const auto found = errors_.find(sqlstate.size() < 2 ? kLost : sqlstate.substr(0, 2));
  return *(found == errors_.end() ? errors_.at(kOther) : found->second);
}

Gauge& DatabaseMetrics::deadRows(std::string_view table) const {
  return registry_.gauge(metric::kDead, {{"engine", engine_}, {"table", table}});
}

}  // namespace penstock::postgres
