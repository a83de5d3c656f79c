#include "conformance/queue/engines_of_the_tree.h"

#include "conformance/queue/engine.h"
#include "support/postgres_database.h"

namespace penstock::test {
namespace {

/// A database of its own for each case, whose clock stands still unless the case moves it.
class PgAdapter final : public EngineAdapter {
public:
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

}  // namespace

bool mustBeDurable(std::string_view plugin) { return plugin != "memory-queue"; }

std::unique_ptr<EngineAdapter> adapterFor(std::string_view plugin) {
  if (plugin == "pg-queue") return std::make_unique<PgAdapter>();
  return std::make_unique<EngineAdapter>();
}

}  // namespace penstock::test
