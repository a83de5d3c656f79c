#pragma once

#include <string>

#include "shared/sqlite/session.h"

namespace penstock::sqlite {

inline SessionOptions optionsFor(const std::string& path) {
  return {.path = path,
          .busy_timeout = std::chrono::milliseconds(100),
          .cache_bytes = 1 << 20,
          .checkpoint_bytes = 256 << 10,
          .read_only = false};
}

}  // namespace penstock::sqlite
