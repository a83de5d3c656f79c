#pragma once

#include "config/raw_value.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

using Environment = std::function<std::optional<std::string>(std::string_view)>;

/// What a configuration file may cost. A file that wants more is refused with a sentence.
struct LuaLimits {
  std::size_t file_bytes = 1U << 20U;
  std::size_t memory_bytes = 16U << 20U;
  std::uint64_t instructions = 10'000'000;
  std::chrono::milliseconds time{2000};  ///< of the processor
};

/// Runs a configuration file and returns the table it returns, as dotted keys. The file is Lua text that can compute,
/// read the environment through `env.NAME` or `env("NAME")` (an empty variable counts as unset), and `include` a file
/// of its own folder; it has no other access to anything. Globals nobody set are faults.
/// `name` is what faults call the file. [any thread] [blocks: until the limits] [throws: ConfigurationFaults]
Layer evaluateLua(const std::filesystem::path& file, const std::string& name, const Environment& environment,
                  const LuaLimits& limits = {});

}  // namespace penstock
