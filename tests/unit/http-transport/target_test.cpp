#include "http-transport/target.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::http_transport {
namespace {

TEST(Target, IsReadAndWrittenInOneForm) {
  EXPECT_EQ(Target::parse("HTTPS://Hooks.Example").url(), "https://hooks.example:443/");
  EXPECT_EQ(Target::parse("http://hooks.example?a=%20").url(), "http://hooks.example:80/?a=%20");
  EXPECT_EQ(Target::parse("https://a-b.example:8443/x//../y?q=@:").url(), "https://a-b.example:8443/x//../y?q=@:");
  EXPECT_EQ(Target::parse("https://[2606:4700:0::1111]:444/").url(), "https://[2606:4700::1111]:444/");
  EXPECT_EQ(Target::parse("https://192.0.2.1/").address, parseAddress("192.0.2.1"));
}

TEST(Target, WhatLibrariesReadDifferentlyIsRefused) {
  for (const char* url :
       {"", "hooks.example", "//hooks.example/", "https:/hooks.example/", "https:hooks.example", "https://",
        "https:///path", "https://:443/", "ftp://hooks.example/", "file:///etc/passwd", "gopher://127.0.0.1:25/",
        // Numbers for 127.0.0.1 and 169.254.169.254: decimal, octal, hex, short, mixed.
        "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/",
        "https://017700000001/", "https://127.1/", "https://127.0.1/", "https://0/", "https://0x0/",
        "https://2852039166/", "https://0xa9fea9fe/", "https://0251.0376.0251.0376/", "https://169.254.43518/",
        "https://127.0.0.1./", "https://1.2.3.4.5/", "https://256.256.256.256/", "https://example.0x7f/",
        "https://00000127.0.0.1/", "https://127.0.0.0x1/",
        // User names, and what looks like them.
        "https://user@hooks.example/", "https://user:word@hooks.example/", "https://hooks.example@127.0.0.1/",
        "https://hooks.example%40127.0.0.1/", "https://hooks.example:443@127.0.0.1/", "https://@127.0.0.1/",
        "https://hooks.example\\@127.0.0.1/", "https://127.0.0.1\\.hooks.example/", "https:\\\\hooks.example/",
        "https://hooks.example#@127.0.0.1/", "https://127.0.0.1#.hooks.example/", "https://hooks.example/#f",
        // Characters.
        "https://hooks.example /", " https://hooks.example/", "https://hooks.example/a b",
        "https://hooks.example/\r\nX: y", "https://hooks.example/\t", "https://127.0.0.1%00.hooks.example/",
        "https://%31%32%37.0.0.1/", "https://h\xC3\xB6oks.example/", "https://\xE2\x91\xA0.example/",
        "https://hooks.example/{a}", "https://{127.0.0.1,x}/", "https://[1-3].example/",
        // Hosts.
        "https://hooks..example/", "https://.hooks.example/", "https://hooks.example./", "https://-x.example/",
        "https://[::1/", "https://::1/", "https://[::1]x/", "https://[fe80::1%25lo]/", "https://[127.0.0.1]/",
        "https://[v1.x]/", "https://[]/",
        // Ports.
        "https://hooks.example:/", "https://hooks.example:0/", "https://hooks.example:65536/",
        "https://hooks.example:0443/", "https://hooks.example:+443/", "https://hooks.example:443:80/",
        "https://hooks.example:4a/", "https://[::1]443/"})
    EXPECT_THROW(Target::parse(url), MalformedUrl) << url;
  EXPECT_THROW(Target::parse("https://" + std::string(64, 'a') + ".example/"), MalformedUrl);
  EXPECT_THROW(Target::parse("https://a.example/" + std::string(9000, 'a')), MalformedUrl);
  EXPECT_THROW(Target::parse(std::string("https://hooks.example/\0x", 24)), MalformedUrl);
}

}  // namespace
}  // namespace penstock::http_transport
