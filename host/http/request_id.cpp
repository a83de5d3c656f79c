#include "http/request_id.h"

#include <algorithm>
#include <random>

namespace penstock {
namespace {

std::uint64_t seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

void appendHex(std::string& text, std::uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) text.push_back("0123456789abcdef"[(value >> shift) & 0xF]);
}

}  // namespace

RequestIds::RequestIds() : state_(seed()), high_(seed()) {}

// SplitMix64 (Steele, Lea, Flood 2014) visits every value once before it repeats.
std::uint64_t RequestIds::next() {
  std::uint64_t mixed = (state_ += 0x9E3779B97F4A7C15U);
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBU;
  return mixed ^ (mixed >> 31);
}

void RequestIds::make(std::string& id) {
  id.clear();
  appendHex(id, high_);
  appendHex(id, next());
}

bool isRequestId(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  // Digits alone may be a phone number, which must not reach the log.
  constexpr std::size_t kShortestNumber = 7;
  if (text.size() >= kShortestNumber && text.find_first_not_of("0123456789.-_") == std::string_view::npos) return false;
  return !text.empty() && text.size() <= kLongest && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
           c == '-';
  });
}

}  // namespace penstock
