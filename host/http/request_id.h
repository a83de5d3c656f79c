#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock {

/// Makes request ids: 32 hexadecimal digits that do not repeat. They are no secrets. [one thread]
class RequestIds {
public:
  RequestIds();
  /// Puts the next id into `id`.
  void make(std::string& id);

private:
  std::uint64_t next();
  std::uint64_t state_;
  std::uint64_t high_;
};

/// Whether a client's own id may be used: 1 to 64 of A-Z a-z 0-9 . _ -
bool isRequestId(std::string_view text);

}  // namespace penstock
