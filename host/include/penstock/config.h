#pragma once

#include "penstock/time.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// Kinds of configuration values and how penstock.lua writes them.
enum class ConfigType : std::uint8_t {
  Text,     ///< "text"
  Integer,  ///< 8
  Boolean,  ///< true
  Period,   ///< "250ms" "30s" "5m" "72h" "30d"; 0 as "0s"
  Size,     ///< "64KB" "256MB" "1GB" (powers of 1024), or plain bytes
  Choice,   ///< one of the words in `bounds`
  List,     ///< { "a", "b" }
};

/// One configuration row: what readers, --check-config, --config-reference and the manual are made from. A literal.
struct ConfigRow {
  std::string_view key;  ///< within the section, such as max_events or retry.first; a last part * allows any name
  ConfigType type = ConfigType::Text;
  std::string_view fallback{};  ///< the default as written in penstock.lua, a List comma-separated
  std::string_view bounds{};    ///< Integer, Duration, Size: "1..100"; Choice: "reject|wait"; Text: "" or "nonempty"
  std::string_view text;        ///< what it does, one sentence
  bool secret = false;          ///< comes as {file=…}, {env=…} or {credential=…}, prints as ***
  bool reloadable = false;      ///< takes effect on reload, otherwise on restart
};

/// A secret in memory. Cannot be printed by accident; wiped when destroyed.
class Secret {
public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&&) = default;
  Secret& operator=(const Secret&) = default;
  Secret& operator=(Secret&&) = default;
  ~Secret() {
    volatile char* bytes = value_.data();
    for (std::size_t i = 0; i < value_.size(); ++i) bytes[i] = 0;
  }
  const std::string& reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

private:
  std::string value_;
};

/// A section of the configuration, already checked against its rows: reading a declared key cannot fail, reading an
/// undeclared one throws std::logic_error. [any thread]
class Config {
public:
  virtual ~Config() = default;
  virtual std::string text(std::string_view key) const = 0;
  virtual std::int64_t integer(std::string_view key) const = 0;
  virtual bool boolean(std::string_view key) const = 0;
  virtual Duration duration(std::string_view key) const = 0;
  virtual std::uint64_t size(std::string_view key) const = 0;
  virtual std::vector<std::string> list(std::string_view key) const = 0;
  virtual Secret secret(std::string_view key) const = 0;
};

}  // namespace penstock
