#pragma once

#include "penstock/control.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace penstock::test {

/// A control that keeps values in memory and tells nobody of them before the test says so, as a store tells later, on a
/// thread of its own.
class SilentControl final : public Control {
public:
  /// Asked first; may throw.
  std::function<void()> on_ask = [] {};

  std::optional<std::string> get(std::string_view name) override {
    std::lock_guard guard(mutex_);
    on_ask();
    const auto found = values_.find(name);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
  }
  void set(std::string_view name, std::string_view value) override {
    std::lock_guard guard(mutex_);
    on_ask();
    values_[std::string(name)] = value;
  }
  std::unique_ptr<Watch> watch(std::string name, UniqueFunction<void(const std::string&)> changed) override {
    std::lock_guard guard(mutex_);
    watching_.push_back(std::make_shared<Watching>(std::move(name), std::move(changed)));
    return std::make_unique<Registration>(*this, watching_.back());
  }
  double take(std::string_view, double tokens, double) override { return tokens; }

  /// Tells everybody who watches of the values there are, on the caller's thread.
  void tell() {
    std::vector<std::pair<std::shared_ptr<Watching>, std::string>> calls;
    {
      std::lock_guard guard(mutex_);
      for (const auto& each : watching_)
        if (const auto found = values_.find(each->first); found != values_.end())
          calls.emplace_back(each, found->second);
    }
    for (auto& [each, value] : calls) each->second(value);
  }
  std::size_t watches() {
    std::lock_guard guard(mutex_);
    return watching_.size();
  }

private:
  using Watching = std::pair<std::string, UniqueFunction<void(const std::string&)>>;

  class Registration final : public Watch {
  public:
    Registration(SilentControl& control, std::shared_ptr<Watching> watching)
        : control_(control), watching_(std::move(watching)) {}
    ~Registration() override {
      std::lock_guard guard(control_.mutex_);
      std::erase(control_.watching_, watching_);
    }

  private:
    SilentControl& control_;
    std::shared_ptr<Watching> watching_;
  };

  std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> values_;
  std::vector<std::shared_ptr<Watching>> watching_;
};

}  // namespace penstock::test
