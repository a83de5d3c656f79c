#pragma once

#include "penstock/policy.h"
#include "policy/settings.h"

#include <optional>

namespace penstock {

/// The retry policy that holds when retry.lua fails, the same as its shipped text: exponential backoff with full jitter
/// (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), capped, after the provider's own wish
/// (capped too). Nothing when the message is given up. `chance` is from 0 to below 1.
std::optional<Duration> builtInBackoff(const RetrySettings& settings, const RetryQuestion& question, double chance);

/// A random number from 0 to below 1. [any thread]
double drawChance();

}  // namespace penstock
