#include "conformance/queue/engine.h"

#include "support/postgres_database.h"

namespace penstock::test {
namespace {

class MemoryQueueAdapter final : public EngineAdapter {
public:
  bool durable() const override { return false; }
};

/// A database of its own for each case, whose clock stands still unless the case moves it.
class PgAdapter final : public EngineAdapter {
public:
  bool durable() const override { return true; }
  void empty() override {
    url_ = migratedDatabase(PENSTOCK_MIGRATIONS);
    moved_ = {};
    setClock();
  }
  Overrides settings(const Wishes& wishes) const override {
    Overrides rows = EngineAdapter::settings(wishes);
    rows["pg.url"] = url_;
    return rows;
  }
  void advance(ManualClock& clock, Duration step) override {
    moved_ += step;
    setClock();
    clock.advance(step);
  }

private:
  void setClock() const {
    postgres::Session session(sessionOptions(url_));
    session.script(
        "CREATE OR REPLACE FUNCTION penstock.now() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
        "$$SELECT timestamptz '2026-01-01 00:00:00Z' + interval '" +
        std::to_string(moved_.count()) + " microseconds'$$");
  }

  std::string url_;
  Duration moved_{};
};

class DurableAdapter final : public EngineAdapter {
public:
  bool durable() const override { return true; }
};

std::string written(Duration duration) {
  return std::to_string(std::chrono::floor<std::chrono::milliseconds>(duration).count()) + "ms";
}

}  // namespace

Overrides EngineAdapter::settings(const Wishes& wishes) const {
  Overrides rows;
  if (wishes.max_events) rows["max_events"] = std::to_string(*wishes.max_events);
  if (wishes.max_bytes) rows["max_bytes"] = std::to_string(*wishes.max_bytes);
  if (wishes.full_wait) rows["full"] = "wait";
  if (wishes.full_wait) rows["full_wait"] = written(*wishes.full_wait);
  if (wishes.key_window) rows["key_window"] = written(*wishes.key_window);
  if (wishes.dead_letter_retention) rows["dead_letter_retention"] = written(*wishes.dead_letter_retention);
  return rows;
}

std::unique_ptr<EngineAdapter> adapterFor(std::string_view plugin) {
  if (plugin == "pg-queue") return std::make_unique<PgAdapter>();
  if (plugin == "memory-queue") return std::make_unique<MemoryQueueAdapter>();
  return std::make_unique<DurableAdapter>();
}

EngineChoice& engineChoice() {
  static EngineChoice choice;
  return choice;
}

}  // namespace penstock::test
