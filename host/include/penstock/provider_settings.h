#pragma once

#include <boost/json/object.hpp>

#include <optional>
#include <string_view>

namespace penstock {

/// penstock.provider-settings/1: what the providers' scripts are told of their sections, given by the host.
class ProviderSettingsBoard {
public:
  static constexpr std::string_view kInterface = "penstock.provider-settings/1";
  virtual ~ProviderSettingsBoard() = default;

  /// What the provider's script is told of its section, adjusted values included, secrets left out; durations are
  /// seconds, sizes are bytes. Nothing when there is no such provider. [any thread] [does not block]
  virtual std::optional<boost::json::object> settings(std::string_view provider) = 0;

  /// Puts values over the provider's settings, at once and for all threads, until others are put; they survive a
  /// reload. Equal ones cost nothing. [any thread] [does not block]
  virtual void adjust(std::string_view provider, const boost::json::object& values) = 0;
};

}  // namespace penstock
