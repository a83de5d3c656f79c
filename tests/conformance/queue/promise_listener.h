#pragma once

#include <gtest/gtest.h>

#include <iosfwd>
#include <string>

namespace penstock::test {

/// Writes each promise and whether it holds, with what was found where it does not, and a line about all of them. The
/// promise is written before it is tried, so that one which never comes back, or ends the process, is seen.
class PromiseListener final : public ::testing::EmptyTestEventListener {
public:
  explicit PromiseListener(std::ostream& out) : out_(out) {}

private:
  void OnTestStart(const ::testing::TestInfo& test) override;
  void OnTestPartResult(const ::testing::TestPartResult& part) override;
  void OnTestEnd(const ::testing::TestInfo& test) override;
  void OnTestProgramEnd(const ::testing::UnitTest& all) override;

  std::ostream& out_;
  std::string found_;
};

}  // namespace penstock::test
