#include "http-transport/address.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace penstock::http_transport {
namespace {

Reach reachOf(const std::string& text) { return classify(parseAddress(text).value()); }

TEST(Address, WhatIsPublicIsPublic) {
  for (const char* text : {"1.1.1.1",         "8.8.8.8",           "9.255.255.255",
                           "11.0.0.0",        "100.63.255.255",    "100.128.0.0",
                           "126.255.255.255", "128.0.0.1",         "169.253.255.255",
                           "169.255.0.0",     "172.15.255.255",    "172.32.0.0",
                           "192.0.1.0",       "192.167.255.255",   "192.169.0.0",
                           "198.17.255.255",  "198.20.0.0",        "223.255.255.255",
                           "2606:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888"})
    EXPECT_EQ(reachOf(text), Reach::Public) << text;
}

TEST(Address, EverySpecialRangeIsToldFromItsFirstToItsLastAddress) {
  const std::vector<std::pair<const char*, Reach>> corpus{
      {"0.0.0.0", Reach::Reserved},
      {"0.255.255.255", Reach::Reserved},
      {"10.0.0.0", Reach::Private},
      {"10.255.255.255", Reach::Private},
      {"100.64.0.0", Reach::Carrier},
      {"100.127.255.255", Reach::Carrier},
      {"127.0.0.1", Reach::Loopback},
      {"127.255.255.255", Reach::Loopback},
      {"169.254.0.1", Reach::LinkLocal},
      {"169.254.255.255", Reach::LinkLocal},
      {"169.254.169.254", Reach::Metadata},
      {"100.100.100.200", Reach::Metadata},
      {"168.63.129.16", Reach::Metadata},
      {"172.16.0.0", Reach::Private},
      {"172.31.255.255", Reach::Private},
      {"192.0.0.1", Reach::Reserved},
      {"192.0.2.255", Reach::Reserved},
      {"192.88.99.1", Reach::Reserved},
      {"192.168.0.0", Reach::Private},
      {"192.168.255.255", Reach::Private},
      {"198.18.0.0", Reach::Reserved},
      {"198.19.255.255", Reach::Reserved},
      {"198.51.100.7", Reach::Reserved},
      {"203.0.113.7", Reach::Reserved},
      {"224.0.0.1", Reach::Multicast},
      {"239.255.255.255", Reach::Multicast},
      {"240.0.0.1", Reach::Reserved},
      {"255.255.255.255", Reach::Reserved},
      {"::", Reach::Reserved},
      {"::1", Reach::Loopback},
      {"::127.0.0.1", Reach::Embedded},
      {"::ffff:127.0.0.1", Reach::Embedded},
      {"::ffff:8.8.8.8", Reach::Embedded},
      {"::ffff:0:127.0.0.1", Reach::Embedded},
      {"64:ff9b::7f00:1", Reach::Embedded},
      {"64:ff9b:1::a00:1", Reach::Embedded},
      {"2001:0:1::1", Reach::Embedded},
      {"2002:7f00:1::", Reach::Embedded},
      {"2600::5efe:7f00:1", Reach::Embedded},
      {"2600::200:5efe:7f00:1", Reach::Embedded},
      {"2001:2::1", Reach::Reserved},
      {"2001:db8::1", Reach::Reserved},
      {"3fff::1", Reach::Reserved},
      {"4000::1", Reach::Reserved},
      {"100::1", Reach::Reserved},
      {"fc00::1", Reach::Private},
      {"fdff::1", Reach::Private},
      {"fd00:ec2::254", Reach::Metadata},
      {"fe80::1", Reach::LinkLocal},
      {"febf::1", Reach::LinkLocal},
      {"fec0::1", Reach::Private},
      {"ff02::1", Reach::Multicast},
  };
  for (const auto& [text, reach] : corpus) EXPECT_EQ(reachOf(text), reach) << text;
}

TEST(Address, IsReadStrictly) {
  for (const char* text : {"127.1", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "127.0.0.1 ", "127.0.0.01", "256.0.0.1",
                           "fe80::1%lo", "[::1]", ""})
    EXPECT_FALSE(parseAddress(text)) << text;
  EXPECT_EQ(toText(parseAddress("0:0:0::1").value()), "::1");
}

}  // namespace
}  // namespace penstock::http_transport
