#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace penstock::test {

/// One case of the suite as a promise in words.
struct Promise {
  std::string words;  ///< "keys: same key is known while leased"
  std::string name;   ///< as GoogleTest knows it
};

Promise promiseOf(const ::testing::TestInfo& test);

/// Those that this engine can keep and whose words match: a volatile engine promises nothing about restarts but that
/// it starts empty, a durable one the opposite. An empty pattern matches all; one without wildcards of the shell
/// matches those that contain it.
std::vector<Promise> promises(std::string_view pattern, bool volatile_engines, bool durable_engines);

/// The filter with which GoogleTest runs just these.
std::string filterFor(const std::vector<Promise>& promises);

}  // namespace penstock::test
