#pragma once

#include <string_view>
#include <vector>

namespace penstock::test {

/// What a plugin sees behind names that another plugin has too.
class SeenValues {
public:
  static constexpr std::string_view kInterface = "test.seen-values/1";
  virtual ~SeenValues() = default;
  virtual std::vector<int> values() = 0;
};

}  // namespace penstock::test
