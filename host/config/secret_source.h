#pragma once

#include "config/lua_sandbox.h"
#include "penstock/config.h"

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

/// The ways a secret may come, as the last part of its key.
inline constexpr std::string_view kSecretWays[] = {"file", "env", "credential"};

/// What a secret row has instead of a literal value, in every sentence about it.
inline constexpr std::string_view kSecretCure =
    R"(expected { file = "…" }, { env = "…" } or { credential = "…" }; a secret is never written in the configuration)";

/// Fetches secrets from where the configuration says they are, each once: what was read first stays, so that one
/// loaded configuration never holds two values of a secret. [any thread] [blocks: on files]
class SecretSource {
public:
  /// Relative files are looked for in `folder`.
  SecretSource(std::filesystem::path folder, std::optional<std::filesystem::path> credentials, Environment environment)
      : folder_(std::move(folder)), credentials_(std::move(credentials)), environment_(std::move(environment)) {}

  struct Found {
    std::optional<Secret> secret;
    std::string fault;
  };

  /// The secret, without a newline at its end, or why there is none.
  Found fetch(std::string_view way, const std::string& name);

private:
  Found read(std::string_view way, const std::string& name) const;

  const std::filesystem::path folder_;
  const std::optional<std::filesystem::path> credentials_;
  const Environment environment_;
  std::mutex mutex_;
  std::map<std::string, Secret> fetched_;  // guarded by mutex_
};

}  // namespace penstock
