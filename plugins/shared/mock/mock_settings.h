#pragma once

#include "penstock/http.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// What the mock provider can be told while it runs: how many sends in a hundred fail, in which way, and which.
struct MockSettings {
  static constexpr std::string_view kProvider = "mock";

  std::int64_t timeout_pct = 0;
  std::int64_t error_pct = 0;
  std::int64_t ratelimit_pct = 0;
  std::int64_t seed = 0;
  bool operator==(const MockSettings&) const = default;

  /// Out of all that a provider is told. Nothing when it is another kind of provider.
  static std::optional<MockSettings> of(const boost::json::object& settings);
  /// As `text` writes them; nothing when the text is not of that kind, or breaks a rule.
  static std::optional<MockSettings> read(std::string_view text);
  /// A JSON object.
  std::string text() const;
  boost::json::object members() const;
};

/// Some of the settings, as a client gives them.
struct MockChange {
  std::optional<std::int64_t> timeout_pct;
  std::optional<std::int64_t> error_pct;
  std::optional<std::int64_t> ratelimit_pct;
  std::optional<std::int64_t> seed;
  bool adds_up = true;  ///< false: a percentage could not be read, so nobody knows their sum

  /// What is wrong with single members goes to `faults`, all of it.
  static MockChange read(const boost::json::object& members, std::vector<Fault>& faults);
  /// The settings with the change. That their percentages make more than a hundred goes to `faults`.
  MockSettings over(MockSettings settings, std::vector<Fault>& faults) const;
};

}  // namespace penstock
