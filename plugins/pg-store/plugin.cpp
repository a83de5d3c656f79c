#include "penstock/plugin.h"

#include <array>
#include <memory>
#include <mutex>
#include <utility>

#include "penstock/control.h"
#include "penstock/reader.h"
#include "penstock/store.h"
#include "pg-store/config.h"
#include "pg-store/control.h"
#include "pg-store/database.h"
#include "pg-store/metrics.h"
#include "pg-store/reader.h"
#include "pg-store/settings.h"
#include "pg-store/store.h"
#include "shared/postgres/config.h"
#include "shared/postgres/keeper.h"
#include "shared/postgres/migrations.h"

namespace penstock::pg_store {

namespace {

class PgStorePlugin final : public Plugin {
public:
  void start(Context& context) override {
    auto rooms = std::make_unique<Rooms>(context);
    context.provide<Store>(rooms->store);
    context.provide<Reader>(rooms->reader);
    context.provide<Control>(rooms->control);
    exchange(std::move(rooms));
  }

  std::string migrate(Context& context) override {
    try {
      postgres::Session session(readSettings(context).postgres.session);
      return postgres::migrated(postgres::Schema(postgres::migrationsOf(context)).migrate(session));
    } catch (const postgres::Fault& fault) {
      throw StartFailure(fault.what());
    }
  }

  void stop(SteadyTime) noexcept override { exchange(nullptr); }

  Health health() override {
    std::lock_guard guard(mutex_);
    return rooms_ ? rooms_->database.health() : Health{};
  }

private:
  struct Rooms {
    explicit Rooms(Context& context)
        : settings(readSettings(context)),
          metrics(context.metrics),
          database(context, settings, metrics),
          store(database, metrics, context.clock),
          reader(database),
          control(context, database, settings.watch_interval, metrics) {}
    Settings settings;
    StoreMetrics metrics;
    Database database;
    PgStore store;
    PgReader reader;
    PgControl control;
  };

  // What was there ends after health() can no longer see it.
  void exchange(std::unique_ptr<Rooms> rooms) noexcept {
    std::unique_lock lock(mutex_);
    rooms_.swap(rooms);
    lock.unlock();
  }

  std::mutex mutex_;
  std::unique_ptr<Rooms> rooms_;  // guarded by mutex_
};

constexpr std::array<std::string_view, 3> kProvides{Store::kInterface, Reader::kInterface, Control::kInterface};

constexpr Descriptor kDescriptor{
    .fingerprint = PENSTOCK_FINGERPRINT,
    .name = PENSTOCK_PLUGIN_NAME,
    .version = "0.1.0",
    .summary = "Keeps conversations, messages, attempts and shared values in a PostgreSQL database.",
    .provides = kProvides,
    .requires_ = {},
    .rows = kRows,
    .create = [] { return static_cast<Plugin*>(new PgStorePlugin); },
    .shared = postgres::kShared,
};

}  // namespace

}  // namespace penstock::pg_store

PENSTOCK_PLUGIN(penstock::pg_store::kDescriptor)
