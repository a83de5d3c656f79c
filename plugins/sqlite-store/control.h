#pragma once

#include "penstock/clock.h"
#include "penstock/control.h"
#include "shared/store/watches.h"
#include "sqlite-store/database.h"

namespace penstock::sqlite_store {

/// penstock.control/1 on one database file.
class SqliteControl final : public Control {
public:
  SqliteControl(Context& context, Database& database, Duration watch_interval, const StoreMetrics& metrics);

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

}  // namespace penstock::sqlite_store
