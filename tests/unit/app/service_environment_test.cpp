#include "app/service_environment.h"

#include <gtest/gtest.h>

namespace penstock::test {
namespace {

using Values = std::vector<std::pair<std::string, std::string>>;

TEST(ServiceEnvironment, IsReadLineByLine) {
  EXPECT_EQ(readEnvironment("PORT=9000\n\n  LOG_LEVEL = debug  \nEMPTY=\nLAST=word"),
            (Values{{"PORT", "9000"}, {"LOG_LEVEL", "debug"}, {"EMPTY", ""}, {"LAST", "word"}}));
  EXPECT_EQ(readEnvironment(""), Values{});
}

TEST(ServiceEnvironment, TakesWhatAShellWouldNot) {
  // An ampersand, a dollar and a blank are ordinary signs there.
  EXPECT_EQ(readEnvironment("DATABASE_URL=postgres:///penstock?host=/run/a&sslmode=require\nKEY=pa$$ word;x\n"),
            (Values{{"DATABASE_URL", "postgres:///penstock?host=/run/a&sslmode=require"}, {"KEY", "pa$$ word;x"}}));
}

TEST(ServiceEnvironment, KnowsQuotesAndBackslashes) {
  EXPECT_EQ(
      readEnvironment("A='  kept \\n'\nB=\"say \\\"no\\\" \\x\"\nC=\"two\" 'words'\nD=go\\\non\nE=it's\nF=end\\ \n"),
      (Values{{"A", "  kept \\n"},
              {"B", "say \"no\" \\x"},
              {"C", "twowords"},
              {"D", "goon"},
              {"E", "it's"},
              {"F", "end "}}));
  EXPECT_EQ(readEnvironment("A='over\ntwo lines'\n"), (Values{{"A", "over\ntwo lines"}}));
}

TEST(ServiceEnvironment, LeavesOutCommentsAndWhatIsNoName) {
  EXPECT_EQ(readEnvironment("# PORT=1\n; PORT=2\n#goes on \\\nPORT=3\nexport PORT=4\n1ST=5\nnothing\nPORT=6\n"),
            (Values{{"PORT", "6"}}));
}

}  // namespace
}  // namespace penstock::test
