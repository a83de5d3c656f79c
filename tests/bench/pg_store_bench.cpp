#include "bench/store_bench.h"
#include "support/postgres_database.h"

namespace penstock::bench {

namespace {

// As a server is run that keeps what it has promised.
test::PostgresServer& server() {
  static test::PostgresServer durable(
      {.settings = {"shared_buffers = '256MB'", "max_wal_size = '2GB'"}, .fsync = true});
  return durable;
}

}  // namespace

test::Overrides freshStore() { return {{"pg.url", test::emptyDatabase(server())}}; }

}  // namespace penstock::bench
