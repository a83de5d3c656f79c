#include "penstock/plugin.h"

#include <array>
#include <memory>
#include <mutex>
#include <utility>

#include "penstock/control.h"
#include "penstock/reader.h"
#include "penstock/store.h"
#include "sqlite-store/config.h"
#include "sqlite-store/control.h"
#include "sqlite-store/database.h"
#include "sqlite-store/metrics.h"
#include "sqlite-store/reader.h"
#include "sqlite-store/settings.h"
#include "sqlite-store/store.h"

namespace penstock::sqlite_store {

namespace {

class SqliteStorePlugin final : public Plugin {
public:
  void start(Context& context) override {
    auto rooms = std::make_unique<Rooms>(context);
    context.provide<Store>(rooms->store);
    context.provide<Reader>(rooms->reader);
    context.provide<Control>(rooms->control);
    exchange(std::move(rooms));
  }

  // Whoever asks need not be the service's user, whose file it is.
  std::string migrate(Context& context) override {
    return readSettings(context).session.path + " is brought up to date by the service when it starts";
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
          store(database, settings, metrics, context.clock),
          reader(database),
          control(context, database, settings.watch_interval, metrics) {}
    Settings settings;
    StoreMetrics metrics;
    Database database;
    SqliteStore store;
    SqliteReader reader;
    SqliteControl control;
  };

  // What was there ends after health() can no longer see it.
  void exchange(std::unique_ptr<Rooms> rooms) noexcept {
    std::lock_guard guard(mutex_);
    rooms_.swap(rooms);
  }

  std::mutex mutex_;
  std::unique_ptr<Rooms> rooms_;  // guarded by mutex_
};

constexpr std::array<std::string_view, 3> kProvides{Store::kInterface, Reader::kInterface, Control::kInterface};

constexpr Descriptor kDescriptor{
    .fingerprint = PENSTOCK_FINGERPRINT,
    .name = PENSTOCK_PLUGIN_NAME,
    .version = "0.1.0",
    .summary = "Keeps conversations, messages, attempts and shared values in one SQLite file.",
    .provides = kProvides,
    .requires_ = {},
    .rows = kRows,
    .create = [] { return static_cast<Plugin*>(new SqliteStorePlugin); },
};

}  // namespace

}  // namespace penstock::sqlite_store

PENSTOCK_PLUGIN(penstock::sqlite_store::kDescriptor)
