#include "loader/plugin_context.h"

#include <Poco/Logger.h>

#include <algorithm>
#include <stdexcept>

namespace penstock {

PluginContext::PluginContext(const Descriptor& descriptor, const HostServices& services, InterfaceRegistry& interfaces)
    : Context(services.section(descriptor.name), Log(Poco::Logger::get(std::string(descriptor.name))), services.metrics,
              services.clock, services.policy, services.health, services.data_directory, services.migrations_directory),
      descriptor_(descriptor),
      interfaces_(interfaces),
      section_(services.section),
      fatal_(services.fatal) {}

const Config& PluginContext::shared(std::string_view section) const {
  const auto named = [&](const SharedSection& one) { return one.name == section; };
  if (std::none_of(descriptor_.shared.begin(), descriptor_.shared.end(), named))
    throw std::logic_error(std::string(descriptor_.name) + " declares no shared section " + std::string(section));
  return section_(section);
}

void PluginContext::fatal(std::string sentence) noexcept { fatal_(descriptor_.name, std::move(sentence)); }

void PluginContext::closeStart() {
  starting_ = false;
  if (!refusal_.empty()) throw StartFailure(refusal_);
  std::string missing;
  for (const std::string_view name : descriptor_.provides)
    if (std::find(given_.begin(), given_.end(), name) == given_.end())
      missing += (missing.empty() ? "" : ", ") + std::string(name);
  if (!missing.empty()) throw StartFailure("lists " + missing + " in its provides but did not give it");
}

void* PluginContext::findInterface(std::string_view name) { return interfaces_.find(name); }

std::string PluginContext::refusalOf(std::string_view name) const {
  if (!starting_) return "gave " + std::string(name) + " after its start";
  if (std::find(descriptor_.provides.begin(), descriptor_.provides.end(), name) == descriptor_.provides.end())
    return "gave " + std::string(name) + ", which its provides do not list";
  return {};
}

void PluginContext::provideInterface(std::string_view name, void* implementation) {
  std::string refusal = refusalOf(name);
  if (refusal.empty() && !interfaces_.give(name, implementation, descriptor_.name))
    refusal = "gave " + std::string(name) + ", which " + interfaces_.giver(name) + " gives already";
  if (refusal.empty()) {
    given_.emplace_back(name);
    return;
  }
  if (starting_) refusal_ = refusal;
  throw StartFailure(refusal);
}

}  // namespace penstock
