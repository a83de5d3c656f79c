#pragma once

#include "penstock/health.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace penstock::test {

/// A roll-up that says what the test sets, and counts the ticks of every loop that registered.
class StubHealthBoard final : public HealthBoard {
public:
  std::atomic<HealthState> state{HealthState::Ready};

  HealthState ready(std::vector<PluginHealth>* details = nullptr) override {
    if (details != nullptr) details->clear();
    return state;
  }

  std::vector<std::string> stalled() override { return {}; }

  std::unique_ptr<Heartbeat> heartbeat(std::string name, Duration) override {
    std::lock_guard guard(mutex_);
    auto& ticks = ticks_[name];
    if (!ticks) ticks = std::make_shared<std::atomic<std::uint64_t>>(0);
    return std::make_unique<Beat>(ticks);
  }

  /// How often the loop has ticked; 0 when it never registered.
  std::uint64_t ticks(const std::string& name) const {
    std::lock_guard guard(mutex_);
    const auto found = ticks_.find(name);
    return found == ticks_.end() ? 0 : found->second->load();
  }

private:
  struct Beat final : Heartbeat {
    explicit Beat(std::shared_ptr<std::atomic<std::uint64_t>> count) : count_(std::move(count)) {}
    void tick() noexcept override { ++*count_; }
    std::shared_ptr<std::atomic<std::uint64_t>> count_;
  };

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<std::atomic<std::uint64_t>>> ticks_;
};

}  // namespace penstock::test
