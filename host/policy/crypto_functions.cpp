#include "penstock/identity.h"
#include "policy/environment.h"
#include "policy/sandbox.h"

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/x509.h>

#include <array>
#include <memory>
#include <string>

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

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// The key of a SubjectPublicKeyInfo in DER (RFC 5280, 4.1) if it is one of the curve P-256.
std::unique_ptr<EVP_PKEY, Free> readP256(std::string_view der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  std::unique_ptr<EVP_PKEY, Free> key(d2i_PUBKEY(nullptr, &bytes, static_cast<long>(der.size())));
  std::array<char, 32> group{};
  std::size_t size = 0;
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_EC ||
      EVP_PKEY_get_group_name(key.get(), group.data(), group.size(), &size) != 1 ||
      std::string_view(group.data(), size) != "prime256v1")
    return nullptr;
  return key;
}

// verify_ecdsa(key, text, signature): whether the DER signature of the text's SHA-256 is of the P-256 key, a
// SubjectPublicKeyInfo in DER. A signature that cannot be read is none; a key that cannot be read raises.
int verifyEcdsa(lua_State* lua) {
  constexpr std::uint64_t kSteps = 200'000;
  constexpr std::size_t kLongestKey = 1024;
  constexpr std::size_t kLongestSignature = 256;
  const std::string_view der = chargedText(lua, 1);
  const std::string_view text = chargedText(lua, 2);
  const std::string_view signature = chargedText(lua, 3);
  Sandbox::of(lua).fence().charge(lua, kSteps);
  const auto key = der.size() <= kLongestKey ? readP256(der) : nullptr;
  if (!key) return luaL_error(lua, "the key is no public key of the curve P-256");
  bool valid = false;
  if (signature.size() <= kLongestSignature) {
    const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
    valid = context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
            EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                             reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  }
  lua_pushboolean(lua, valid);
  return 1;
}

}  // namespace

void addCryptoFunctions(lua_State* lua) {
  addFunction(lua, "sha256", &hashText);
  addFunction(lua, "hmac", &signText);
  addFunction(lua, "equal", &equalTexts);
  addFunction(lua, "verify_ecdsa", &verifyEcdsa);
}

}  // namespace penstock
