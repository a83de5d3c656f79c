#include "loader/interface_registry.h"

namespace penstock {

std::string InterfaceRegistry::giver(std::string_view interface) const {
  std::lock_guard guard(table_.mutex);
  const auto found = table_.by_name.find(interface);
  return found == table_.by_name.end() ? std::string() : found->second.giver;
}

std::vector<std::string_view> InterfaceRegistry::ofHost() const {
  std::lock_guard guard(table_.mutex);
  std::vector<std::string_view> names;
  for (const auto& [name, given] : table_.by_name)
    if (given.giver == kHost) names.emplace_back(name);
  return names;
}

void* InterfaceRegistry::find(std::string_view interface) const {
  std::lock_guard guard(table_.mutex);
  const auto found = table_.by_name.find(interface);
  return found == table_.by_name.end() ? nullptr : found->second.implementation;
}

bool InterfaceRegistry::give(std::string_view interface, void* implementation, std::string_view giver) {
  std::lock_guard guard(table_.mutex);
  return table_.by_name.try_emplace(std::string(interface), Given{implementation, std::string(giver)}).second;
}

void InterfaceRegistry::withdraw(std::string_view giver) {
  std::lock_guard guard(table_.mutex);
  std::erase_if(table_.by_name, [&](const auto& entry) { return entry.second.giver == giver; });
}

}  // namespace penstock
