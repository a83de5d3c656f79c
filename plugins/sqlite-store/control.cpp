#include "sqlite-store/control.h"

#include <algorithm>
#include <cmath>

#include "shared/store/columns.h"
#include "sqlite-store/rows.h"
#include "sqlite-store/sql.h"

namespace penstock::sqlite_store {

namespace {

constexpr double kSecond = 1e6;
constexpr double kFarthest = 4e18;  // below the end of 64-bit microseconds

struct Bucket {
  double tokens = 0;
  std::int64_t filled_at = 0;
};

double takeFrom(sqlite::Session& session, std::string_view name, double tokens, double rate, std::int64_t now) {
  const double capacity = std::max(rate, tokens);
  Bucket bucket{capacity, now};
  {
    sqlite::Rows rows = session.query(sql::kGetBucket, name);
    if (rows.next()) bucket = {rows.real(0), rows.integer(1)};
  }
  // A wall clock set back must neither empty nor freeze the bucket.
  const double elapsed = std::max(static_cast<double>(now - bucket.filled_at) / kSecond, 0.0);
  const double level = std::min(bucket.tokens + elapsed * rate, capacity);
  const double taken = std::min(level, tokens);
  const double left = level - taken;
  const double fill_time = rate > 0 ? (capacity - left) / rate * kSecond : kFarthest;
  const auto full_at = static_cast<std::int64_t>(std::min(static_cast<double>(now) + fill_time, kFarthest));
  session.execute(sql::kSetBucket, name, left, now, full_at);
  session.execute(sql::kForgetFullBuckets, now);
  return taken;
}

}  // namespace

SqliteControl::SqliteControl(Context& context, Database& database, Duration watch_interval, const StoreMetrics& metrics)
    : database_(database),
      clock_(context.clock),
      watches_(
          "sqlite-store.watches", context.clock, watch_interval, context.health, context.log, metrics.watch_failures,
          [this](const std::string& name) { return look(name); }, [this] { database_.probe(); }) {}

std::optional<store::VersionedValue> SqliteControl::look(std::string_view name) {
  return database_.read([&](sqlite::Session& session) -> std::optional<store::VersionedValue> {
    sqlite::Rows rows = session.query(sql::kGetValue, name);
    if (!rows.next()) return std::nullopt;
    const auto bytes = rows.bytes(0);
    return store::VersionedValue{std::string(bytes.begin(), bytes.end()), rows.integer(1)};
  });
}

std::optional<std::string> SqliteControl::get(std::string_view name) {
  auto found = look(name);
  if (!found) return std::nullopt;
  return std::move(found->value);
}

void SqliteControl::set(std::string_view name, std::string_view value) {
  store::checkName(name);
  store::checkValue(value);
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(value.data()), value.size());
  database_.write(Operation::Set,
                  [&](sqlite::Session& session) { return session.execute(sql::kSetValue, name, bytes); });
  watches_.changed();
}

std::unique_ptr<Watch> SqliteControl::watch(std::string name, UniqueFunction<void(const std::string&)> changed) {
  return watches_.watch(std::move(name), std::move(changed));
}

double SqliteControl::take(std::string_view bucket, double tokens, double rate) {
  store::checkName(bucket);
  if (!(tokens > 0)) return 0;
  const double fill = std::isfinite(rate) && rate > 0 ? rate : 0;
  return database_.write(Operation::Take, [&](sqlite::Session& session) {
    return takeFrom(session, bucket, tokens, fill, column(clock_.wall()));
  });
}

}  // namespace penstock::sqlite_store
