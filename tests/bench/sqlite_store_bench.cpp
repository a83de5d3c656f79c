#include "bench/store_bench.h"

namespace penstock::bench {

// A file in the plugin's own data folder.
test::Overrides freshStore() { return {}; }

}  // namespace penstock::bench
