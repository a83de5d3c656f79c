#include "policy_bench.h"

#include <gtest/gtest.h>

namespace penstock::test {
namespace {

TEST(Redact, MasksAddressesAndLeavesTheRest) {
  PolicyBench bench;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", ""},
      {"nothing here, 404 and 12345", "nothing here, 404 and 12345"},
      {"call +15551234567 now", "call [phone *67] now"},
      {"+1 (555) 123-4567.", "[phone *67]."},
      {"(555) 123 4567, ok", "([phone *67], ok"},
      {"to ann+x@example.org: no", "to [email]: no"},
      {"<ann@example.org> and bob@example.com", "<[email]> and [email]"},
      {"ünn@exämple.org", "[email]"},
      {"o'neil@example.org;", "[email];"},
      {"mailto:a@b", "mailto:[email]"},
      {"line\nann@b\n5551234567\n", "line\n[email]\n[phone *67]\n"},
  };
  for (const auto& [text, redacted] : cases) EXPECT_EQ(bench.host().redact(text), redacted) << text;
}

TEST(Redact, NoWrittenFormOfANumberOrAddressSurvives) {
  PolicyBench bench;
  for (const char* text :
       {"15551234567", "+1-555-123-4567", "+1.555.123.4567", "[+1] 555 1234567", "555 123\t4567", "x15551234567y",
        "from=15551234567&to=1", "Ann<ann@example.org>", "a@b", "{\"to\":\"ann@b\"}"}) {
    const std::string redacted = bench.host().redact(text);
    EXPECT_EQ(redacted.find("4567"), std::string::npos) << redacted;
    EXPECT_EQ(redacted.find("@"), std::string::npos) << redacted;
  }
}

TEST(Redact, LongTextTakesItsLengthInTimeAndLongerTextIsDropped) {
  PolicyBench bench;
  // Enough for a busy machine; what grows with the square of the length would take minutes.
  bench.settings.deadline = std::chrono::seconds(5);
  for (const std::string piece : {"a", "1", "1 ", "@", " ", "+", "a@", "-"}) {
    std::string text;
    while (text.size() < 60000) text += piece;
    EXPECT_NE(bench.host().redact(text), "[text dropped]") << piece;
  }
  EXPECT_EQ(bench.host().redact(std::string(70000, 'a')), "[text dropped]");
}

}  // namespace
}  // namespace penstock::test
