#include "pg-store/control.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "pg-store/sql.h"
#include "shared/store/columns.h"

namespace penstock::pg_store {

PgControl::PgControl(Context& context, Database& database, Duration watch_interval, const StoreMetrics& metrics)
    : database_(database),
      clock_(context.clock),
      watches_(
          "pg-store.watches", context.clock, watch_interval, context.health, context.log, metrics.watch_failures,
          [this](const std::string& name) { return look(name); }, [this] { database_.tidy(); }) {
  database_.whenTold([this] { watches_.changed(); });
}

PgControl::~PgControl() { database_.whenTold({}); }

std::optional<store::VersionedValue> PgControl::look(std::string_view name) {
  return database_.read([&](postgres::Session& session) -> std::optional<store::VersionedValue> {
    postgres::Rows rows = session.query(sql::kGetValue, name);
    if (!rows.next()) return std::nullopt;
    return store::VersionedValue{std::string(rows.text(0)), rows.integer(1)};
  });
}

std::optional<std::string> PgControl::get(std::string_view name) {
  auto found = look(name);
  if (!found) return std::nullopt;
  return std::move(found->value);
}

void PgControl::set(std::string_view name, std::string_view value) {
  store::checkName(name);
  store::checkValue(value);
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(value.data()), value.size());
  database_.write(Operation::Set,
                  [&](postgres::Session& session) { return session.query(sql::kSetValue, name, bytes).count(); });
  watches_.changed();
}

std::unique_ptr<Watch> PgControl::watch(std::string name, UniqueFunction<void(const std::string&)> changed) {
  return watches_.watch(std::move(name), std::move(changed));
}

double PgControl::take(std::string_view bucket, double tokens, double rate) {
  store::checkName(bucket);
  if (!(tokens > 0)) return 0;
  const double fill = std::isfinite(rate) && rate > 0 ? rate : 0;
  const double capacity = std::max(fill, tokens);
  return database_.write(Operation::Take, [&](postgres::Session& session) {
    postgres::Rows rows = session.query(sql::kTakeTokens, bucket, tokens, fill, capacity, clock_.wall());
    return rows.next() ? rows.real(0) : 0.0;
  });
}

}  // namespace penstock::pg_store
