#pragma once

#include "penstock/clock.h"
#include "penstock/control.h"
#include "pg-store/database.h"
#include "shared/store/watches.h"

namespace penstock::pg_store {

/// penstock.control/1 on one PostgreSQL database. Who sets a value tells all sessions that listen; whoever missed that
/// finds it at the next look.
class PgControl final : public Control {
public:
  PgControl(Context& context, Database& database, Duration watch_interval, const StoreMetrics& metrics);
  ~PgControl() override;

  std::optional<std::string> get(std::string_view name) override;
  void set(std::string_view name, std::string_view value) override;
  std::unique_ptr<Watch> watch(std::string name, UniqueFunction<void(const std::string&)> changed) override;
  double take(std::string_view bucket, double tokens, double rate) override;

private:
  std::optional<store::VersionedValue> look(std::string_view name);

  Database& database_;
  const Clock& clock_;
  store::Watches watches_;
};

}  // namespace penstock::pg_store
