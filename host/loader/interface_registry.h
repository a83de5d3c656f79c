#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// The interfaces that are given now, by name: the host's and those of started plugins. [any thread]
class InterfaceRegistry {
public:
  /// Gives an interface of the host. It must live until every plugin has stopped.
  template <typename Interface>
  void give(Interface& implementation) {
    give(Interface::kInterface, static_cast<void*>(&implementation), kHost);
  }

  /// The implementation, or nullptr when nobody gives it.
  template <typename Interface>
  Interface* find() const {
    return static_cast<Interface*>(find(Interface::kInterface));
  }

  /// Name of the plugin that gives it; empty for the host's and for those nobody gives.
  std::string giver(std::string_view interface) const;

  /// What the host gives, for startOrder. The views hold as long as the registry.
  std::vector<std::string_view> ofHost() const;

  void* find(std::string_view interface) const;
  /// False when somebody gives it already.
  bool give(std::string_view interface, void* implementation, std::string_view giver);
  /// Ends everything that `giver` gives.
  void withdraw(std::string_view giver);

private:
  static constexpr std::string_view kHost = "";
  struct Given {
    void* implementation = nullptr;
    std::string giver;
  };
  struct Table {
    mutable std::mutex mutex;
    std::map<std::string, Given, std::less<>> by_name;
  };
  Table table_;
};

}  // namespace penstock
