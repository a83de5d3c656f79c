#pragma once

#include "config/typed_value.h"

#include <map>
#include <string>
#include <vector>

namespace penstock {

/// A section whose values have been read by its rows, defaults filled in. Immutable. [any thread]
class CheckedSection : public Config {
public:
  using Values = std::map<std::string, TypedValue, std::less<>>;
  CheckedSection(std::string name, Values values, std::vector<ConfigRow> wildcards)
      : name_(std::move(name)), values_(std::move(values)), wildcards_(std::move(wildcards)) {}

  std::string text(std::string_view key) const override;
  std::int64_t integer(std::string_view key) const override;
  bool boolean(std::string_view key) const override;
  Duration duration(std::string_view key) const override;
  std::uint64_t size(std::string_view key) const override;
  std::vector<std::string> list(std::string_view key) const override;
  Secret secret(std::string_view key) const override;

private:
  template <typename Type>
  Type get(std::string_view key, const char* kind) const;

  const std::string name_;
  const Values values_;
  const std::vector<ConfigRow> wildcards_;
};

}  // namespace penstock
