#include "conformance/queue/promise.h"

#include <fnmatch.h>

#include <cctype>

namespace penstock::test {
namespace {

bool isUpper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }
bool isLower(char c) { return std::islower(static_cast<unsigned char>(c)) != 0; }
bool isDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// "AKeyIsKnown" becomes "a key is known".
std::string wordsOf(std::string_view name) {
  std::string words;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char here = name[i];
    const bool begins =
        i > 0 && ((isUpper(here) && (!isUpper(name[i - 1]) || (i + 1 < name.size() && isLower(name[i + 1])))) ||
                  (isDigit(here) && !isDigit(name[i - 1])));
    if (begins) words += ' ';
    words += static_cast<char>(std::tolower(static_cast<unsigned char>(here)));
  }
  return words;
}

std::string_view behindLast(std::string_view text, char sign) {
  const auto at = text.rfind(sign);
  return at == std::string_view::npos ? text : text.substr(at + 1);
}

}  // namespace

Promise promiseOf(const ::testing::TestInfo& test) {
  std::string_view suite = behindLast(test.test_suite_name(), '/');
  if (suite.starts_with("Queue")) suite.remove_prefix(std::string_view("Queue").size());
  const std::string_view name = test.name();
  const auto parameter = name.find('/');
  std::string words = wordsOf(suite) + ": " + wordsOf(name.substr(0, parameter));
  if (parameter != std::string_view::npos) words += " (" + wordsOf(name.substr(parameter + 1)) + ")";
  return {std::move(words), std::string(test.test_suite_name()) + '.' + test.name()};
}

std::vector<Promise> promises(std::string_view pattern, bool volatile_engines, bool durable_engines) {
  const bool wild = pattern.find_first_of("*?[") != std::string_view::npos;
  const std::string glob = wild ? std::string(pattern) : '*' + std::string(pattern) + '*';
  std::vector<Promise> chosen;
  const ::testing::UnitTest& all = *::testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const ::testing::TestSuite& suite = *all.GetTestSuite(i);
    const std::string_view name = suite.name();
    if ((name == "QueueVolatility" && !volatile_engines) || (name == "QueueDurability" && !durable_engines)) continue;
    for (int j = 0; j < suite.total_test_count(); ++j) {
      Promise promise = promiseOf(*suite.GetTestInfo(j));
      if (fnmatch(glob.c_str(), promise.words.c_str(), 0) == 0) chosen.push_back(std::move(promise));
    }
  }
  return chosen;
}

std::string filterFor(const std::vector<Promise>& promises) {
  std::string filter;
  for (const Promise& promise : promises) filter += (filter.empty() ? "" : ":") + promise.name;
  return filter;
}

}  // namespace penstock::test
