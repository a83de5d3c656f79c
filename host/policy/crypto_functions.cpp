#include "penstock/identity.h"
#include "policy/environment.h"
#include "policy/sandbox.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace penstock {
namespace {

std::string_view chargedText(lua_State* lua, int index) {
  const TextArgument text = checkText(lua, index);
  Sandbox::of(lua).fence().charge(lua, text.size * 2);
  return {text.data, text.size};
}

// sha256(text): 64 hexadecimal digits
int hashText(lua_State* lua) {
  const auto digest = sha256(chargedText(lua, 1));
  const std::string digits = hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
  lua_pushlstring(lua, digits.data(), digits.size());
  return 1;
}

// hmac(algorithm, key, text): raw bytes (RFC 2104)
int signText(lua_State* lua) {
  static constexpr const char* kAlgorithms[] = {"sha256", "sha1", "sha512", nullptr};
  const EVP_MD* const algorithms[] = {EVP_sha256(), EVP_sha1(), EVP_sha512()};
  luaL_checktype(lua, 1, LUA_TSTRING);
  const EVP_MD* algorithm = algorithms[luaL_checkoption(lua, 1, nullptr, kAlgorithms)];
  const std::string_view key = chargedText(lua, 2);
  const std::string_view text = chargedText(lua, 3);
  std::array<unsigned char, EVP_MAX_MD_SIZE> code{};
  unsigned size = 0;
  if (HMAC(algorithm, key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
           text.size(), code.data(), &size) == nullptr)
    return luaL_error(lua, "the signature cannot be made");
  lua_pushlstring(lua, reinterpret_cast<const char*>(code.data()), size);
  return 1;
}

// equal(a, b): compares two texts in a time that depends on their lengths alone
int equalTexts(lua_State* lua) {
  const std::string_view left = chargedText(lua, 1);
  const std::string_view right = chargedText(lua, 2);
  lua_pushboolean(lua, left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0);
  return 1;
}

}  // namespace

void addCryptoFunctions(lua_State* lua) {
  addFunction(lua, "sha256", &hashText);
  addFunction(lua, "hmac", &signText);
  addFunction(lua, "equal", &equalTexts);
}

}  // namespace penstock
