#pragma once

#include <string_view>

namespace penstock::test {

/// What Queue::durable must say of the engine of this name. Of QueueDurability and QueueVolatility one is left out
/// accordingly.
bool mustBeDurable(std::string_view plugin);

}  // namespace penstock::test
