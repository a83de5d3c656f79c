#pragma once

#include "penstock/control.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace penstock::test {

/// Shared values in memory. Watches are told by whoever sets; buckets hold what the test puts in.
class FakeControl final : public Control {
public:
  /// Asked first by every call but watch; may throw or wait.
  std::function<void()> on_call = [] {};
  /// What there is to take; gets the bucket's name and what is asked of it.
  std::function<double(std::string_view, double)> on_take = [](std::string_view, double tokens) { return tokens; };

  std::optional<std::string> get(std::string_view name) override {
    on_call();
    std::lock_guard guard(mutex_);
    const auto found = values_.find(name);
    if (found == values_.end()) return std::nullopt;
    return found->second;
  }
  void set(std::string_view name, std::string_view value) override {
    on_call();
    std::lock_guard guard(mutex_);
    ++sets_;
    values_[std::string(name)] = value;
    for (auto& [id, watch] : watches_)
      if (watch.first == name) watch.second(std::string(value));
  }
  std::unique_ptr<Watch> watch(std::string name, UniqueFunction<void(const std::string&)> changed) override {
    std::lock_guard guard(mutex_);
    const auto found = values_.find(name);
    if (found != values_.end()) changed(found->second);
    watches_.emplace(++last_watch_, std::pair(std::move(name), std::move(changed)));
    return std::make_unique<Registration>(*this, last_watch_);
  }
  double take(std::string_view bucket, double tokens, double) override {
    on_call();
    std::lock_guard guard(mutex_);
    ++takes_;
    return on_take(bucket, tokens);
  }

  std::size_t sets() const {
    std::lock_guard guard(mutex_);
    return sets_;
  }
  std::size_t watches() const {
    std::lock_guard guard(mutex_);
    return watches_.size();
  }
  std::size_t takes() const {
    std::lock_guard guard(mutex_);
    return takes_;
  }

private:
  struct Registration final : Watch {
    Registration(FakeControl& control, std::size_t watch) : control_(control), watch_(watch) {}
    ~Registration() override {
      std::lock_guard guard(control_.mutex_);
      control_.watches_.erase(watch_);
    }
    FakeControl& control_;
    std::size_t watch_;
  };

  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> values_;
  std::map<std::size_t, std::pair<std::string, UniqueFunction<void(const std::string&)>>> watches_;
  std::size_t last_watch_ = 0;
  std::size_t sets_ = 0;
  std::size_t takes_ = 0;
};

}  // namespace penstock::test
