#include "penstock/identity.h"
#include "policy/environment.h"
#include "policy/form.h"
#include "policy/sandbox.h"

#include <optional>

namespace penstock {
namespace {

constexpr std::string_view kBase64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string_view chargedText(lua_State* lua) {
  const TextArgument text = checkText(lua, 1);
  Sandbox::of(lua).fence().charge(lua, text.size * 4);
  return {text.data, text.size};
}

int answer(lua_State* lua, const std::string& text) {
  lua_pushlstring(lua, text.data(), text.size());
  return 1;
}

int answer(lua_State* lua, const std::optional<std::string>& text) {
  if (text) return answer(lua, *text);
  lua_pushnil(lua);
  return 1;
}

std::string toBase64(std::string_view bytes) {
  std::string result;
  result.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) {
      return at < bytes.size() ? static_cast<unsigned>(static_cast<unsigned char>(bytes[at])) : 0U;
    };
    const unsigned group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    result.push_back(kBase64Digits[group >> 18]);
    result.push_back(kBase64Digits[group >> 12 & 63]);
    result.push_back(i + 1 < bytes.size() ? kBase64Digits[group >> 6 & 63] : '=');
    result.push_back(i + 2 < bytes.size() ? kBase64Digits[group & 63] : '=');
  }
  return result;
}

std::optional<std::string> fromBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  text.remove_suffix(padding);
  std::string result;
  result.reserve(text.size() / 4 * 3 + 3);
  unsigned group = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const auto digit = kBase64Digits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    group = (group << 6 | static_cast<unsigned>(digit)) & 0xFFFFFF;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    result.push_back(static_cast<char>(group >> bits & 0xFF));
  }
  if ((group & ((1U << bits) - 1)) != 0) return std::nullopt;
  return result;
}

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> fromHex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string result;
  result.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = nibble(text[i]);
    const int low = nibble(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    result.push_back(static_cast<char>(high << 4 | low));
  }
  return result;
}

bool isUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

// RFC 3986, 2.3
std::string urlEncoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result;
  result.reserve(text.size() * 3);
  for (const char c : text) {
    if (isUnreserved(c)) {
      result.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    result.push_back('%');
    result.push_back(kDigits[byte >> 4]);
    result.push_back(kDigits[byte & 15]);
  }
  return result;
}

void addEncodingFunctions(lua_State* lua) {
  lua_newtable(lua);
  addFunction(lua, "encode", [](lua_State* state) { return answer(state, toBase64(chargedText(state))); });
  addFunction(lua, "decode", [](lua_State* state) { return answer(state, fromBase64(chargedText(state))); });
  makeReadOnly(lua);
  lua_setfield(lua, -2, "base64");

  lua_newtable(lua);
  addFunction(lua, "encode", [](lua_State* state) { return answer(state, hex(chargedText(state))); });
  addFunction(lua, "decode", [](lua_State* state) { return answer(state, fromHex(chargedText(state))); });
  makeReadOnly(lua);
  lua_setfield(lua, -2, "hex");

  addFunction(lua, "url_encode", [](lua_State* state) { return answer(state, urlEncoded(chargedText(state))); });
}

}  // namespace penstock
