#pragma once

#include "penstock/config.h"

#include <charconv>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

namespace penstock::test {

/// Values of a section by key, as penstock.lua writes them (a List comma-separated).
using Overrides = std::map<std::string, std::string>;

/// A section made of a plugin's own rows: each key has its default unless the test overrides it. Bounds are the host's
/// business and are not checked here.
class RowConfig final : public Config {
public:
  explicit RowConfig(std::span<const ConfigRow> rows, Overrides overrides = {})
      : rows_(rows), overrides_(std::move(overrides)) {
    for (const auto& [key, value] : overrides_)
      if (find(key) == nullptr) throw std::logic_error("no row declares " + key);
  }

  std::string text(std::string_view key) const override { return value(key); }
  std::int64_t integer(std::string_view key) const override {
    const std::string written = value(key);
    return number(written).first;
  }
  bool boolean(std::string_view key) const override { return value(key) == "true"; }

  Duration duration(std::string_view key) const override {
    const std::string written = value(key);
    const auto [amount, unit] = number(written);
    if (unit == "us") return std::chrono::microseconds(amount);
    if (unit == "ms") return std::chrono::milliseconds(amount);
    if (unit == "s") return std::chrono::seconds(amount);
    if (unit == "m") return std::chrono::minutes(amount);
    if (unit == "h") return std::chrono::hours(amount);
    if (unit == "d") return std::chrono::days(amount);
    throw std::logic_error(std::string(key) + " = " + written + " is no duration");
  }

  std::uint64_t size(std::string_view key) const override {
    const std::string written = value(key);
    const auto [amount, unit] = number(written);
    const auto bytes = static_cast<std::uint64_t>(amount);
    if (unit.empty() || unit == "B") return bytes;
    if (unit == "KB") return bytes << 10;
    if (unit == "MB") return bytes << 20;
    if (unit == "GB") return bytes << 30;
    throw std::logic_error(std::string(key) + " = " + written + " is no size");
  }

  std::vector<std::string> list(std::string_view key) const override {
    std::vector<std::string> items;
    std::string_view rest;
    const std::string written = value(key);
    for (rest = written; !rest.empty();) {
      const auto comma = rest.find(',');
      items.emplace_back(rest.substr(0, comma));
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    }
    return items;
  }

  Secret secret(std::string_view key) const override { return Secret(value(key)); }

private:
  const ConfigRow* find(std::string_view key) const {
    for (const ConfigRow& row : rows_) {
      if (row.key == key) return &row;
      if (row.key.ends_with(".*") && key.starts_with(row.key.substr(0, row.key.size() - 1))) return &row;
    }
    return nullptr;
  }

  std::string value(std::string_view key) const {
    const ConfigRow* row = find(key);
    if (row == nullptr) throw std::logic_error("no row declares " + std::string(key));
    const auto found = overrides_.find(std::string(key));
    return found == overrides_.end() ? std::string(row->fallback) : found->second;
  }

  static std::pair<std::int64_t, std::string_view> number(std::string_view written) {
    std::int64_t amount = 0;
    const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), amount);
    if (error != std::errc{}) throw std::logic_error(std::string(written) + " is no number");
    return {amount, written.substr(static_cast<std::size_t>(end - written.data()))};
  }

  std::span<const ConfigRow> rows_;
  Overrides overrides_;
};

}  // namespace penstock::test
