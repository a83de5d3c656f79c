#include "sdk/address.h"
#include "penstock/policy.h"

#include <gtest/gtest.h>

#include <random>

namespace penstock {
namespace {

struct Case {
  std::string written;
  std::optional<std::string> comparable;
};

TEST(Address, PhoneNumbersShortCodesAndSenderNamesHaveOneForm) {
  const std::vector<Case> cases = {
      {"+15551234567", "+15551234567"},
      {"15551234567", "+15551234567"},
      {" +1 (555) 123-45.67 ", "+15551234567"},
      {"[+1] 555 1234567", "+15551234567"},
      {"+1234567", "+1234567"},
      {"123456789", "+123456789"},
      {"123456789012345", "+123456789012345"},
      {"1234567890123456", std::nullopt},
      {"+1234567890123456", std::nullopt},
      {"+123456", std::nullopt},
      {"123", "123"},
      {"12345678", "12345678"},
      {"12", std::nullopt},
      {"", std::nullopt},
      {" ", std::nullopt},
      {"+", std::nullopt},
      {"++15551234567", std::nullopt},
      {"1+5551234567", std::nullopt},
      {"+1555123456٧", std::nullopt},
      {"+1555\n1234567", std::nullopt},
      {"+15551234567;ext=1", std::nullopt},
      {"ACME", "ACME"},
      {"Acme2go", "Acme2go"},
      {"ABCDEFGHIJK", "ABCDEFGHIJK"},
      {"ABCDEFGHIJKL", std::nullopt},
      {"AC ME", std::nullopt},
      {"Ümlaut", std::nullopt},
      {std::string("+1555123\0004567", 13), std::nullopt},
  };
  for (const Case& one : cases) EXPECT_EQ(comparableAddress(Channel::Sms, one.written), one.comparable) << one.written;
}

TEST(Address, EMailAddressesAreComparedLowerCaseWithoutTag) {
  const std::vector<Case> cases = {
      {"ann@example.org", "ann@example.org"},
      {"Ann@Example.ORG", "ann@example.org"},
      {"ann+news@example.org", "ann@example.org"},
      {"ann+a+b@example.org", "ann@example.org"},
      {"+tag@example.org", "+tag@example.org"},
      {"a.+tag@example.org", "a.+tag@example.org"},
      {"a@b", "a@b"},
      {"[a@b](mailto:a@b)", "a@b"},
      {"[A@b.c](mailto:a@B.c)", "a@b.c"},
      {"[a@b](mailto:other@b)", std::nullopt},
      {"[a@b](http://a@b)", std::nullopt},
      {"[a@b]", std::nullopt},
      {"Ann <ann@example.org>", "ann@example.org"},
      {"\"Doe, Ann\" <ann@example.org>", "ann@example.org"},
      {"<ann@example.org>", "ann@example.org"},
      {"Ann <ann@example.org", std::nullopt},
      {"Ann\r\nBcc: x <ann@example.org>", std::nullopt},
      {"  ann@example.org ", "ann@example.org"},
      {"ann@example@org", std::nullopt},
      {"@example.org", std::nullopt},
      {"ann@", std::nullopt},
      {"ann@.org", std::nullopt},
      {"ann@example..org", std::nullopt},
      {".ann@example.org", std::nullopt},
      {"a..b@example.org", std::nullopt},
      {"a b@example.org", std::nullopt},
      {"ann@-example.org", std::nullopt},
      {"ünn@exämple.org", "ünn@exämple.org"},
      {"o'neil@example.org", "o'neil@example.org"},
      {"plain", std::nullopt},
      {"", std::nullopt},
      {">", std::nullopt},
      {"[", std::nullopt},
      {std::string(64, 'a') + "@b", std::string(64, 'a') + "@b"},
      {std::string(65, 'a') + "@b", std::nullopt},
      {"a@" + std::string(64, 'b'), std::nullopt},
  };
  for (const Case& one : cases)
    EXPECT_EQ(comparableAddress(Channel::Email, one.written), one.comparable) << one.written;
}

TEST(Address, TheBareEMailAddressStaysAsWritten) {
  EXPECT_EQ(mailAddress("Ann <Ann+News@Example.org>"), "Ann+News@Example.org");
  EXPECT_EQ(mailAddress("[A@b](mailto:A@b)"), "A@b");
}

TEST(Address, ComparableFormsAreTheirOwnComparableForm) {
  std::mt19937 random(7);
  const std::string_view letters = "+0123456789 -.()[]<>@abXY:mailto\x80\xff\n";
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (auto left = random() % 24; left > 0; --left) text.push_back(letters[random() % letters.size()]);
    for (const Channel channel : {Channel::Sms, Channel::Email}) {
      const auto once = comparableAddress(channel, text);
      if (once) {
        EXPECT_EQ(comparableAddress(channel, *once), once) << text;
      }
    }
  }
}

TEST(Address, SeparatorsNeverChangeAPhoneNumber) {
  std::mt19937 random(11);
  for (int i = 0; i < 2000; ++i) {
    std::string digits = "+";
    std::string written = "+";
    for (auto left = 7 + random() % 9; left > 0; --left) {
      digits.push_back(static_cast<char>('0' + random() % 10));
      written.push_back(digits.back());
      if (random() % 2 == 0) written.push_back("-. ()[]"[random() % 7]);
    }
    EXPECT_EQ(comparableAddress(Channel::Sms, written), digits) << written;
  }
}

}  // namespace
}  // namespace penstock
