#include "conformance/queue/promise_listener.h"

#include "conformance/queue/promise.h"

#include <filesystem>
#include <ostream>
#include <sstream>

namespace penstock::test {

void PromiseListener::OnTestStart(const ::testing::TestInfo& test) {
  found_.clear();
  out_ << promiseOf(test).words << " ... " << std::flush;
}

void PromiseListener::OnTestPartResult(const ::testing::TestPartResult& part) {
  if (!part.failed()) return;
  if (part.file_name() != nullptr)
    found_ += "    " + std::filesystem::path(part.file_name()).filename().string() + ':' +
              std::to_string(part.line_number()) + '\n';
  std::istringstream lines(part.message());
  for (std::string line; std::getline(lines, line);) found_ += "    " + line + '\n';
}

void PromiseListener::OnTestEnd(const ::testing::TestInfo& test) {
  out_ << (test.result()->Passed() ? "holds\n" : "broken\n" + found_) << std::flush;
}

void PromiseListener::OnTestProgramEnd(const ::testing::UnitTest& all) {
  const int tried = all.test_to_run_count();
  const int broken = all.failed_test_count();
  if (broken == 0)
    out_ << "All " << tried << " promises hold.\n";
  else
    out_ << broken << " of " << tried << " promises are broken.\n";
}

}  // namespace penstock::test
