#include "policy_bench.h"

#include "policy/form.h"

#include <gmock/gmock.h>

namespace penstock::test {
namespace {

TEST(Form, LuaSeesFieldsByNameAndInOrder) {
  EXPECT_EQ(evaluate("local f = form.decode('a=1&b=x+y%26z&a=2&%C3%BC') return f.a .. f.b .. f['ü'] .. tostring(f.c)"),
            "1x y&znil");
  EXPECT_EQ(evaluate("local _, l = form.decode('a=1&&b&a=2=3') local t = {} for i, f in ipairs(l) do t[i] = f.name .. "
                     "':' .. f.value end return table.concat(t, ' ')"),
            "a:1 b: a:2=3");
  EXPECT_EQ(evaluate("return form.encode{b = 'x y&z', a = {1, 'ü'}, c = {}, d = 2.5}"),
            "a=1&a=%C3%BC&b=x%20y%26z&d=2.5");
  EXPECT_EQ(evaluate("return url_decode('a%20b+c%zz%4')"), "a b c%zz%4");
}

TEST(Form, WhatIsNoFormRaisesOrIsEmpty) {
  for (const char* code : {"return form.encode('x')", "return form.encode{'x'}", "return form.encode{a = true}",
                           "return form.encode{a = {{}}}", "return form.decode(7)", "return form.decode()",
                           "return form.decode(('x'):rep(1100000))", "return form.encode{a = ('x'):rep(1100000)}"})
    EXPECT_EQ(evaluate(code), "[text dropped]") << code;
  EXPECT_EQ(evaluate("local f, l = form.decode('') return tostring(next(f)) .. #l"), "nil0");
  EXPECT_EQ(parseForm(std::string(100000, '&'), 1000).size(), 0U);
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "a=b&";
  EXPECT_EQ(parseForm(many, 1000).size(), 1000U);
}

const std::string kType = R"(multipart/form-data; charset=utf-8; boundary="x Y")";
const std::string kBody =
    "preamble\r\n--x Y\r\nContent-Disposition: form-data; name=\"from\"\r\n\r\nAnn <ann@example.org>\r\n"
    "--x Y\r\ncontent-disposition: form-data; filename=\"a\\\"b.png\"; name=file\r\nContent-Type: image/png\r\n\r\n"
    "\x89PNG\r\n--x\r\n\r\n--x Y--\r\nepilogue";

TEST(Multipart, GivesTheParts) {
  const auto parts = parseMultipart(kType, kBody, 10);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].name, "from");
  EXPECT_EQ(parts[0].filename, "");
  EXPECT_EQ(parts[0].body, "Ann <ann@example.org>");
  EXPECT_EQ(parts[1].name, "file");
  EXPECT_EQ(parts[1].filename, "a\"b.png");
  EXPECT_EQ(parts[1].type, "image/png");
  EXPECT_EQ(parts[1].body, "\x89PNG\r\n--x\r\n");
  EXPECT_EQ(evaluate("local p = multipart('multipart/form-data; boundary=b', "
                     "'--b\\r\\nContent-Disposition: form-data; name=\"a\"\\r\\n\\r\\n1\\r\\n--b--') "
                     "return #p .. p[1].name .. p[1].body .. tostring(p[1].filename)"),
            "1a1nil");
}

TEST(Multipart, IsNothingWhenItIsCutOrNotWellFormed) {
  // Every cut before the closing boundary ends in nothing, never in half a part.
  const std::size_t whole = kBody.find("--x Y--") + 7;
  for (std::size_t cut = 0; cut < whole; ++cut)
    EXPECT_TRUE(parseMultipart(kType, kBody.substr(0, cut), 10).empty()) << cut;
  EXPECT_TRUE(parseMultipart(kType, kBody, 1).empty());
  for (const char* type : {"", "text/plain; boundary=\"x Y\"", "multipart/form-data", "multipart/form-data; boundary=",
                           "multipart/form-data; boundary=\"", "multipart/form-data; boundary=other",
                           "multipart/mixed; boundary=\"x Y\"", "multipart/form-data; =x; boundary"})
    EXPECT_TRUE(parseMultipart(type, kBody, 10).empty()) << type;
  EXPECT_TRUE(parseMultipart("multipart/form-data; boundary=" + std::string(71, 'b'), kBody, 10).empty());
  EXPECT_TRUE(parseMultipart("multipart/form-data; boundary=b", "--b\r\nX: y\r\n\r\n1\r\n--b--", 10).empty());
  EXPECT_TRUE(parseMultipart("multipart/form-data; boundary=b", "--b\r\nno colon\r\n\r\n1\r\n--b--", 10).empty());
}

}  // namespace
}  // namespace penstock::test
