#include "penstock/identity.h"

#include <openssl/evp.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace penstock {
namespace {

constexpr char kDigits[] = "0123456789abcdef";
constexpr std::size_t kMostKept = std::size_t{64} << 10;

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Random bytes of the kernel, fetched 4 KiB at a time for each thread.
class RandomBytes {
public:
  void fill(std::uint8_t* target, std::size_t count) {
    if (pool_.size() - used_ < count) refill();
    std::copy_n(pool_.begin() + static_cast<std::ptrdiff_t>(used_), count, target);
    used_ += count;
  }

private:
  void refill() {
    std::size_t filled = 0;
    while (filled < pool_.size()) {
      const ssize_t got = getrandom(pool_.data() + filled, pool_.size() - filled, 0);
      if (got < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
      if (got > 0) filled += static_cast<std::size_t>(got);
    }
    used_ = 0;
  }

  std::array<std::uint8_t, 4096> pool_{};
  std::size_t used_ = pool_.size();
};

/// One reusable SHA-256 computation a thread: fetching the algorithm for every hash costs more than hashing.
class Sha256 {
public:
  Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    if (!context_) throw std::bad_alloc();
  }
  void start() { check(EVP_DigestInit_ex2(context_.get(), algorithm(), nullptr)); }
  void add(std::string_view text) { check(EVP_DigestUpdate(context_.get(), text.data(), text.size())); }
  std::array<std::uint8_t, 32> finish() {
    std::array<std::uint8_t, 32> result;
    check(EVP_DigestFinal_ex(context_.get(), result.data(), nullptr));
    return result;
  }

private:
  static const EVP_MD* algorithm() {
    static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> fetched(EVP_MD_fetch(nullptr, "SHA256", nullptr),
                                                                         &EVP_MD_free);
    if (!fetched) throw std::runtime_error("OpenSSL offers no SHA256");
    return fetched.get();
  }
  static void check(int result) {
    if (result != 1) throw std::runtime_error("SHA256 failed");
  }
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

Sha256& threadSha256() {
  thread_local Sha256 instance;
  return instance;
}

}  // namespace

Uuid Uuid::make(WallTime now) {
  thread_local RandomBytes random;
  Uuid id;
  const auto milliseconds =
      static_cast<std::uint64_t>(std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count());
  for (unsigned i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(milliseconds >> (40 - 8 * i));
  // RFC 9562 section 6.2, method 3: the bits after the milliseconds carry the rest of the time.
  const auto microseconds = static_cast<std::uint64_t>(now.time_since_epoch().count()) % 1000;
  const std::uint64_t fraction = microseconds * 4096 / 1000;
  id.bytes[6] = static_cast<std::uint8_t>(fraction >> 8 | 0x70);
  id.bytes[7] = static_cast<std::uint8_t>(fraction);
  random.fill(id.bytes.data() + 8, 8);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3F) | 0x80);
  return id;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid id;
  std::size_t at = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    if (at == 8 || at == 13 || at == 18 || at == 23) {
      if (text[at++] != '-') return std::nullopt;
    }
    const int high = nibble(text[at]);
    const int low = nibble(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
    at += 2;
  }
  return id;
}

std::string Uuid::text() const {
  std::string result;
  result.reserve(36);
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) result.push_back('-');
    result.push_back(kDigits[bytes[i] >> 4]);
    result.push_back(kDigits[bytes[i] & 0x0F]);
  }
  return result;
}

Digest128 Digest128::of(std::initializer_list<std::string_view> parts) {
  // One update of gathered text costs a tenth of many small ones.
  thread_local std::string gathered;
  gathered.clear();
  for (const std::string_view part : parts) {
    char length[8];
    for (unsigned i = 0; i < 8; ++i) length[i] = static_cast<char>(static_cast<std::uint64_t>(part.size()) >> (8 * i));
    gathered.append(length, sizeof length).append(part);
  }
  const auto full = sha256(gathered);
  if (gathered.capacity() > kMostKept) gathered = {};
  Digest128 result;
  std::copy_n(full.begin(), result.bytes.size(), result.bytes.begin());
  return result;
}

std::optional<Digest128> Digest128::parse(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  Digest128 result;
  for (std::size_t i = 0; i < 16; ++i) {
    const int high = nibble(text[2 * i]);
    const int low = nibble(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    result.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return result;
}

std::string Digest128::hex() const {
  return penstock::hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::array<std::uint8_t, 32> sha256(std::string_view text) {
  Sha256& hash = threadSha256();
  hash.start();
  hash.add(text);
  return hash.finish();
}

std::string hex(std::string_view bytes) {
  std::string result;
  result.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    result.push_back(kDigits[byte >> 4]);
    result.push_back(kDigits[byte & 0x0F]);
  }
  return result;
}

}  // namespace penstock
