#include "loader/order.h"

#include "config/nearest.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace penstock {
namespace {

using Plugins = std::vector<const Descriptor*>;
using Faults = std::vector<std::string>;

std::string text(std::string_view view) { return std::string(view); }

// "a", "a or b", "a, b or c".
std::string listed(const std::vector<std::string>& words, const std::string& last) {
  std::string all;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) all += i + 1 == words.size() ? " " + last + " " : ", ";
    all += words[i];
  }
  return all;
}

bool contains(std::span<const std::string_view> names, std::string_view wanted) {
  return std::find(names.begin(), names.end(), wanted) != names.end();
}

std::string everywhere(const Discovery& discovery) {
  return discovery.searched.empty() ? "any directory" : listed(discovery.searched, "or");
}

std::string hint(std::string_view wanted, const Discovery& discovery) {
  std::vector<std::string> names;
  for (const FoundPlugin& plugin : discovery.plugins) names.push_back(plugin.name);
  const std::optional<std::string> nearest = nearestKey(wanted, names);
  return nearest ? "; perhaps you meant " + *nearest : "";
}

/// The enabled plugins in configured order, and the names of those that cannot be had.
struct Chosen {
  Plugins plugins;
  std::vector<std::string> unavailable;
};

Chosen choose(std::span<const std::string> enabled, const Discovery& discovery, Faults& faults) {
  Chosen chosen;
  std::map<std::string_view, int> times;
  for (const std::string& name : enabled) {
    if (const int count = ++times[name]; count > 1) {
      if (count == 2) faults.push_back("plugins: " + name + " is listed twice; keep one");
      continue;
    }
    const FoundPlugin* found = discovery.find(name);
    if (found != nullptr && found->descriptor != nullptr) {
      chosen.plugins.push_back(found->descriptor);
      continue;
    }
    chosen.unavailable.push_back(name);
    if (found != nullptr) {
      faults.push_back(found->refusal);
      continue;
    }
    faults.push_back("plugins: there is no " + name + ".so in " + everywhere(discovery) + hint(name, discovery));
  }
  return chosen;
}

/// Who gives each interface. Of several the first; the others are faults.
std::map<std::string_view, const Descriptor*> givers(const Plugins& plugins,
                                                     std::span<const std::string_view> given_by_host, Faults& faults) {
  std::map<std::string_view, const Descriptor*> result;
  for (const Descriptor* plugin : plugins) {
    std::map<const Descriptor*, std::vector<std::string>> shared;
    for (const std::string_view interface : plugin->provides) {
      if (contains(given_by_host, interface)) {
        faults.push_back(text(plugin->name) + " gives " + text(interface) +
                         ", which the host gives itself; take it out of plugins");
        continue;
      }
      const auto [place, first] = result.emplace(interface, plugin);
      if (!first) shared[place->second].push_back(text(interface));
    }
    for (const auto& [other, interfaces] : shared)
      faults.push_back(text(other->name) + " and " + text(plugin->name) + " both give " + listed(interfaces, "and") +
                       "; keep one of them in plugins");
  }
  return result;
}

std::string missingSentence(const Descriptor& plugin, std::string_view interface, const Discovery& discovery,
                            const Chosen& chosen) {
  std::string sentence = text(plugin.name) + " needs " + text(interface) + " but no enabled plugin gives it; ";
  if (!chosen.unavailable.empty()) return sentence + "perhaps " + listed(chosen.unavailable, "or") + " would";
  std::vector<std::string> candidates;
  for (const FoundPlugin& found : discovery.plugins)
    if (found.descriptor != nullptr && contains(found.descriptor->provides, interface))
      candidates.push_back(found.name);
  if (!candidates.empty()) return sentence + "add " + listed(candidates, "or") + " to plugins";
  return sentence + "no plugin in " + everywhere(discovery) + " does";
}

/// Orders plugins by their requirements; what waits for itself is a fault.
class Ordering {
public:
  Ordering(const Plugins& plugins, const std::map<std::string_view, const Descriptor*>& givers)
      : waiting_(plugins), givers_(givers) {}

  Plugins run(Faults& faults) {
    while (!waiting_.empty()) {
      const auto next = std::find_if(waiting_.begin(), waiting_.end(),
                                     [&](const Descriptor* plugin) { return !requirement(*plugin).has_value(); });
      if (next != waiting_.end()) {
        order_.push_back(*next);
        waiting_.erase(next);
      } else {
        faults.push_back(breakCircle());
      }
    }
    return order_;
  }

private:
  struct Requirement {
    std::string_view interface;
    const Descriptor* giver;
  };

  /// The first requirement, or use of what is given, that still waits for its giver.
  std::optional<Requirement> requirement(const Descriptor& plugin) const {
    for (const auto& interfaces : {plugin.requires_, plugin.uses})
      for (const std::string_view interface : interfaces) {
        const auto giver = givers_.find(interface);
        if (giver == givers_.end()) continue;
        if (std::find(waiting_.begin(), waiting_.end(), giver->second) != waiting_.end())
          return Requirement{interface, giver->second};
      }
    return std::nullopt;
  }

  /// Everything waits: following requirements from anywhere ends in a circle. Takes its plugins out.
  std::string breakCircle() {
    Plugins path;
    const Descriptor* at = waiting_.front();
    while (std::find(path.begin(), path.end(), at) == path.end()) {
      path.push_back(at);
      at = requirement(*at)->giver;
    }
    path.erase(path.begin(), std::find(path.begin(), path.end(), at));
    std::vector<std::string> names;
    std::vector<std::string> needs;
    for (const Descriptor* plugin : path) {
      const Requirement needed = *requirement(*plugin);
      names.push_back(text(plugin->name));
      needs.push_back(text(plugin->name) + " needs " + text(needed.interface) + " of " + text(needed.giver->name));
    }
    for (const Descriptor* plugin : path) std::erase(waiting_, plugin);
    return listed(names, "and") + " need each other in a circle (" + listed(needs, "and") +
           "); take one of them out of plugins";
  }

  Plugins waiting_;
  const std::map<std::string_view, const Descriptor*>& givers_;
  Plugins order_;
};

}  // namespace

StartOrder startOrder(std::span<const std::string> enabled, const Discovery& discovery,
                      std::span<const std::string_view> given_by_host) {
  StartOrder order;
  const Chosen chosen = choose(enabled, discovery, order.faults);
  const auto giver_of = givers(chosen.plugins, given_by_host, order.faults);
  for (const Descriptor* plugin : chosen.plugins)
    for (const std::string_view interface : plugin->requires_)
      if (!giver_of.contains(interface) && !contains(given_by_host, interface))
        order.faults.push_back(missingSentence(*plugin, interface, discovery, chosen));
  order.plugins = Ordering(chosen.plugins, giver_of).run(order.faults);
  return order;
}

}  // namespace penstock
