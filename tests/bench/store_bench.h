#pragma once

#include "support/row_config.h"

namespace penstock::bench {

/// The configuration of a new, empty store.
test::Overrides freshStore();

}  // namespace penstock::bench
