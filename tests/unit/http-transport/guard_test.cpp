#include "http-transport/guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::http_transport {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Guard guardWith(std::vector<std::string> allowed) {
  std::vector<std::string> faults;
  HostList list(allowed, faults);
  EXPECT_THAT(faults, IsEmpty());
  return {std::move(list), {443}};
}

bool mayGo(const Guard& guard, const std::string& url, std::vector<std::string> addresses = {}) {
  const Target target = Target::parse(url);
  std::vector<Address> found;
  for (const std::string& text : addresses) found.push_back(parseAddress(text).value());
  return !guard.refuseTarget(target) && !guard.refuseAddresses(target, found);
}

TEST(Guard, LetsHttpsGoToPublicAddressesOnThePortsOfTheList) {
  const Guard guard = guardWith({});
  EXPECT_TRUE(mayGo(guard, "https://hooks.example/", {"8.8.8.8", "2606:4700::1111"}));
  EXPECT_TRUE(mayGo(guard, "https://8.8.8.8/"));
  EXPECT_FALSE(mayGo(guard, "http://hooks.example/", {"8.8.8.8"}));
  EXPECT_FALSE(mayGo(guard, "http://hooks.example:443/", {"8.8.8.8"}));
  EXPECT_FALSE(mayGo(guard, "https://hooks.example:22/", {"8.8.8.8"}));
}

TEST(Guard, RefusesAddressesThatAreNotPublic) {
  const Guard guard = guardWith({});
  for (const char* url : {"https://127.0.0.1/", "https://10.0.0.1/", "https://169.254.169.254/latest/meta-data/",
                          "https://100.64.0.1/", "https://0.0.0.0/", "https://[::1]/", "https://[::]/",
                          "https://[::ffff:127.0.0.1]/", "https://[::ffff:a9fe:a9fe]/", "https://[64:ff9b::7f00:1]/",
                          "https://[2002:7f00:1::]/", "https://[2001:0:1::1]/", "https://[fd00::1]/",
                          "https://[fe80::1]/", "https://[ff02::1]/", "https://255.255.255.255/"})
    EXPECT_FALSE(mayGo(guard, url)) << url;
}

TEST(Guard, OneAddressThatIsNotPublicRefusesAllOfTheName) {
  const Guard guard = guardWith({});
  EXPECT_FALSE(mayGo(guard, "https://rebinding.example/", {"8.8.8.8", "127.0.0.1"}));
  EXPECT_FALSE(mayGo(guard, "https://rebinding.example/", {"8.8.8.8", "::ffff:10.0.0.1"}));
}

TEST(Guard, ARefusalNamesTheClassOfAResolvedAddressAndNotTheAddress) {
  const auto refused =
      guardWith({}).refuseAddresses(Target::parse("https://a.example/"), std::vector{*parseAddress("10.0.0.1")});
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->sentence,
            "a.example stands for a private address; http-transport.allow (SSRF_ALLOWLIST) permits others");
  EXPECT_EQ(toText(refused->address), "10.0.0.1");
}

TEST(Guard, AnAllowedHostMayBePrivatePlainAndOnAnyPort) {
  const Guard guard =
      guardWith({"hooks.internal", " .lan.example ", "ported.example:8080", "10.0.0.7", "[::1]:8080", ""});
  EXPECT_TRUE(mayGo(guard, "http://hooks.internal:9000/", {"10.0.0.1"}));
  EXPECT_TRUE(mayGo(guard, "http://HOOKS.internal/", {"127.0.0.1", "fd00::1", "100.64.0.1"}));
  EXPECT_FALSE(mayGo(guard, "http://x.hooks.internal/", {"10.0.0.1"}));
  EXPECT_TRUE(mayGo(guard, "http://a.lan.example/", {"10.0.0.1"}));
  EXPECT_TRUE(mayGo(guard, "http://a.b.lan.example/", {"10.0.0.1"}));
  EXPECT_FALSE(mayGo(guard, "http://lan.example/", {"10.0.0.1"}));
  EXPECT_FALSE(mayGo(guard, "http://evil-lan.example/", {"10.0.0.1"}));
  EXPECT_TRUE(mayGo(guard, "http://ported.example:8080/", {"10.0.0.1"}));
  EXPECT_FALSE(mayGo(guard, "http://ported.example/", {"10.0.0.1"}));
  EXPECT_TRUE(mayGo(guard, "http://10.0.0.7:1234/"));
  EXPECT_FALSE(mayGo(guard, "http://10.0.0.8/"));
  EXPECT_TRUE(mayGo(guard, "http://[0:0::1]:8080/"));
  EXPECT_FALSE(mayGo(guard, "http://[::1]:8081/"));
}

TEST(Guard, AnAllowedNameReachesNoMetadataServiceAndNoNeighboursOnTheLink) {
  const Guard guard = guardWith({"hooks.internal", "169.254.0.9"});
  for (const char* address :
       {"169.254.169.254", "169.254.1.1", "fe80::1", "fd00:ec2::254", "::ffff:10.0.0.1", "0.0.0.0", "224.0.0.1"})
    EXPECT_FALSE(mayGo(guard, "https://hooks.internal/", {address})) << address;
  EXPECT_TRUE(mayGo(guard, "http://169.254.0.9/"));
}

TEST(Guard, WhatIsNoHostIsAFaultOfTheList) {
  std::vector<std::string> faults;
  const std::vector<std::string> entries{"https://x.example", "x.example:0", "*.example", "x.example:http", ".10.0.0.1",
                                         "10.0.0.0/8",        "a b",         ".",         "user@x.example", "0x7f.1"};
  const HostList list(entries, faults);
  EXPECT_THAT(faults, SizeIs(entries.size()));
  EXPECT_THAT(faults.front(), HasSubstr("\"https://x.example\": expected a host, a .suffix or host:port"));
}

}  // namespace
}  // namespace penstock::http_transport
