#include "worker/shared_limits.h"

#include "penstock/identity.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace penstock {

namespace {

constexpr Duration kIdle = std::chrono::seconds(1);
constexpr auto kSilence = std::chrono::seconds(60);  // the longest call of the store
constexpr BackoffOptions kBackoff{std::chrono::milliseconds(100), std::chrono::seconds(2)};

}  // namespace

std::string bucketOf(const Limits::Ask& ask) {
  const std::string_view kind = word(ask.kind);
  return "limit." + std::string(kind) + '.' + Digest128::of({kind, ask.name}).hex();
}

SharedLimits::SharedLimits(Control& control, Limits& limits, Clock& clock, Log log, Policy& policy)
    : control_(control), limits_(limits), clock_(clock), log_(log), policy_(policy), backoff_(kBackoff) {
  limits_.onDemand([this] {
    {
      std::lock_guard guard(mutex_);
      woken_ = true;
    }
    changed_.notify_one();
  });
}

SharedLimits::~SharedLimits() {
  stop();
  limits_.onDemand({});
}

void SharedLimits::start(HealthBoard& board) {
  if (thread_.joinable()) return;
  thread_ = std::jthread(
      [this, beat = board.heartbeat("worker-limits", kSilence)](const std::stop_token& stop) { run(*beat, stop); });
}

void SharedLimits::stop() noexcept {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void SharedLimits::run(Heartbeat& heartbeat, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    heartbeat.tick();
    {
      std::lock_guard guard(mutex_);
      woken_ = false;
    }
    if (clock_.now() >= next_try_) round(heartbeat, stop);
    const SteadyTime now = clock_.now();
    const SteadyTime next = next_try_ > now ? std::min(next_try_, now + kIdle) : now + kIdle;
    std::unique_lock lock(mutex_);
    if (!woken_ && !stop.stop_requested()) clock_.wait(lock, changed_, next, stop);
  }
}

/// Answers what has been asked for, as far as the store does.
void SharedLimits::round(Heartbeat& heartbeat, const std::stop_token& stop) {
  try {
    for (Limits::Ask& ask : limits_.demand()) asks_.push_back(std::move(ask));
    while (!asks_.empty() && !stop.stop_requested()) {
      heartbeat.tick();
      const Limits::Ask& ask = asks_.front();
      const double tokens = control_.take(bucketOf(ask), ask.tokens, ask.rate);
      limits_.grant(ask, tokens, clock_.now());
      asks_.pop_front();
      away_ = false;
      backoff_.reset();
    }
  } catch (const std::exception& failure) {
    failed(failure.what());
  }
}

void SharedLimits::failed(const char* what) {
  next_try_ = clock_.now() + backoff_.next();
  if (std::exchange(away_, true)) return;
  log_.warning("worker.limits_away",
               "the store gives out nothing of the shared limits; what is leased is used up, then messages wait",
               {{"reason", policy_.redact(what)}});
}

}  // namespace penstock
