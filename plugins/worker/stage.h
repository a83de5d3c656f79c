#pragma once

#include "penstock/clock.h"
#include "penstock/health.h"

#include <condition_variable>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace penstock {

/// A thread that works off what it is given, in batches of what has gathered meanwhile. `work` must not throw.
template <typename Item>
class Stage {
public:
  using Work = std::function<void(std::vector<Item>)>;

  Stage(Clock& clock, std::size_t most, Work work) : clock_(clock), most_(most), work_(std::move(work)) {}
  ~Stage() { finish(); }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  void start(std::unique_ptr<Heartbeat> heartbeat) {
    heartbeat_ = std::move(heartbeat);
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

  /// [any thread] [does not block]
  void put(Item item) {
    {
      std::lock_guard guard(mutex_);
      items_.push_back(std::move(item));
    }
    changed_.notify_one();
  }

  /// Works off what it has been given and ends the thread. [blocks]
  void finish() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    changed_.notify_one();
    thread_.join();
    heartbeat_.reset();
  }

  /// By `work` now and then when it takes long: it advances.
  void tick() noexcept { heartbeat_->tick(); }

private:
  static constexpr auto kSilence = std::chrono::seconds(1);

  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (true) {
      tick();
      if (items_.empty()) {
        if (stop.stop_requested()) return;
        clock_.wait(lock, changed_, clock_.now() + kSilence, stop);
        continue;
      }
      std::vector<Item> batch;
      if (items_.size() <= most_) {
        batch.swap(items_);
      } else {
        const auto end = items_.begin() + static_cast<std::ptrdiff_t>(most_);
        batch.assign(std::make_move_iterator(items_.begin()), std::make_move_iterator(end));
        items_.erase(items_.begin(), end);
      }
      lock.unlock();
      work_(std::move(batch));
      lock.lock();
    }
  }

  Clock& clock_;
  const std::size_t most_;
  const Work work_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Item> items_;
  std::unique_ptr<Heartbeat> heartbeat_;
  std::jthread thread_;
};

}  // namespace penstock
