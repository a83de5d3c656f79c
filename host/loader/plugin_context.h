#pragma once

#include "loader/host_services.h"
#include "loader/interface_registry.h"

#include <atomic>
#include <vector>

namespace penstock {

/// A plugin's Context: interfaces go through the registry, and only those that the descriptor lists may be given.
class PluginContext final : public Context {
public:
  PluginContext(const Descriptor& descriptor, const HostServices& services, InterfaceRegistry& interfaces);

  const Config& shared(std::string_view section) const override;
  void fatal(std::string sentence) noexcept override;

  /// Ends start: from now on nothing can be given. [throws: StartFailure when something was given that is not listed,
  /// even if the plugin swallowed the refusal, or something listed was not given]
  void closeStart();

private:
  void* findInterface(std::string_view name) override;
  void provideInterface(std::string_view name, void* implementation) override;
  std::string refusalOf(std::string_view name) const;

  const Descriptor& descriptor_;
  InterfaceRegistry& interfaces_;
  std::function<const Config&(std::string_view)> section_;
  std::function<void(std::string_view, std::string)> fatal_;
  std::vector<std::string> given_;
  std::string refusal_;
  std::atomic<bool> starting_{true};
};

}  // namespace penstock
