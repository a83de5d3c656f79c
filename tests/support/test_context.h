#pragma once

#include "penstock/plugin.h"

#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace penstock::test {

/// What the host lends a plugin, made of what the test has. lend() offers an interface to find(); provided() is what
/// the plugin gave.
class TestContext final : public Context {
public:
  using Context::Context;

  template <typename Interface>
  void lend(Interface& implementation) {
    interfaces_[std::string(Interface::kInterface)] = static_cast<void*>(&implementation);
  }

  /// The interface the plugin provided, or nullptr.
  template <typename Interface>
  Interface* provided() const {
    const auto found = provided_.find(Interface::kInterface);
    return found == provided_.end() ? nullptr : static_cast<Interface*>(found->second);
  }

  /// Gives the plugin a section that it shares. Call before start.
  void share(std::string name, const Config& section) { shared_[std::move(name)] = &section; }

  const Config& shared(std::string_view section) const override {
    const auto found = shared_.find(section);
    if (found == shared_.end()) throw std::logic_error("no shared section " + std::string(section));
    return *found->second;
  }

  void fatal(std::string sentence) noexcept override {
    std::lock_guard guard(mutex_);
    fatal_.push_back(std::move(sentence));
  }

  /// The sentences with which the plugin asked to end the process.
  std::vector<std::string> fatalSentences() const {
    std::lock_guard guard(mutex_);
    return fatal_;
  }

private:
  void* findInterface(std::string_view name) override {
    const auto found = interfaces_.find(name);
    return found == interfaces_.end() ? nullptr : found->second;
  }
  void provideInterface(std::string_view name, void* implementation) override {
    provided_[std::string(name)] = implementation;
  }

  std::map<std::string, const Config*, std::less<>> shared_;
  std::map<std::string, void*, std::less<>> interfaces_;
  std::map<std::string, void*, std::less<>> provided_;
  mutable std::mutex mutex_;
  std::vector<std::string> fatal_;
};

}  // namespace penstock::test
