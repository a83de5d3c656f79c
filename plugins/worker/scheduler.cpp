#include "worker/scheduler.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace penstock {

namespace {

constexpr Duration kIdle = std::chrono::seconds(1);
constexpr auto kSilence = std::chrono::seconds(60);  // the longest call of the store
constexpr BackoffOptions kBackoff{std::chrono::milliseconds(100), std::chrono::seconds(2)};
constexpr Duration kShortestRest = std::chrono::milliseconds(200);
constexpr Duration kLongestPatience = std::chrono::seconds(1);

}  // namespace

Scheduler::Scheduler(Control& control, Pacer& pacer, Clock& clock, Log log, Metrics& metrics, Policy& policy,
                     Duration interval, std::uint64_t batch, bool autostart)
    : control_(control),
      pacer_(pacer),
      clock_(clock),
      log_(log),
      policy_(policy),
      running_(metrics.gauge(kSchedulerRunning)),
      settings_{schedule::durationText(interval), batch, autostart},
      patience_(std::min(interval / 4, kLongestPatience)),
      backoff_(kBackoff) {
  if (interval > Duration::zero()) pace_.emplace(control, interval, batch);
  pacer_.onDemand([this] {
    {
      std::lock_guard guard(mutex_);
      woken_ = true;
    }
    changed_.notify_one();
  });
}

Scheduler::~Scheduler() {
  stop();
  pacer_.onDemand({});
}

void Scheduler::start(HealthBoard& board) {
  watch_ = control_.watch(std::string(schedule::kStateName), [this](const std::string& text) {
    {
      std::lock_guard guard(mutex_);
      told_ = text;
      woken_ = true;
    }
    changed_.notify_one();
  });
  thread_ = std::jthread(
      [this, beat = board.heartbeat("worker-scheduler", kSilence)](const std::stop_token& stop) { run(*beat, stop); });
}

void Scheduler::stop() noexcept {
  watch_.reset();
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void Scheduler::run(Heartbeat& heartbeat, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    heartbeat.tick();
    std::optional<std::string> told;
    {
      std::lock_guard guard(mutex_);
      woken_ = false;
      told = std::exchange(told_, std::nullopt);
    }
    if (told) apply(schedule::readState(*told));
    if (clock_.now() >= next_try_) round();
    const SteadyTime now = clock_.now();
    const SteadyTime next = next_try_ > now ? std::min(next_try_, now + kIdle) : now + kIdle;
    std::unique_lock lock(mutex_);
    if (!woken_ && !stop.stop_requested()) clock_.wait(lock, changed_, next, stop);
  }
}

/// What there is to do at the store.
void Scheduler::round() {
  try {
    if (!known_) learn();
    if (pace_ && wanted_ == 0) wanted_ = pacer_.demand();
    if (wanted_ > 0) lease();
    if (!announced_) announce();
    away_ = false;
    backoff_.reset();
  } catch (const std::exception& failure) {
    failed(failure.what());
  }
}

void Scheduler::failed(const char* what) {
  const SteadyTime now = clock_.now();
  next_try_ = now + backoff_.next();
  patient_ = false;
  if (std::exchange(wanted_, 0) > 0) pacer_.grant(0, now, next_try_);
  if (std::exchange(away_, true)) return;
  log_.warning("worker.scheduler_away",
               known_ ? "the store does not answer the scheduler; sending stays as it was, a pace stands still"
                      : "the store does not say whether sending runs; nothing is sent until it does",
               {{"reason", policy_.redact(what)}});
}

void Scheduler::learn() {
  const auto stored = control_.get(schedule::kStateName);
  apply(stored ? schedule::readState(*stored) : schedule::State{settings_.autostart, 0});
}

void Scheduler::announce() {
  const std::string text = schedule::toText(settings_);
  if (control_.get(schedule::kSettingsName) != text) control_.set(schedule::kSettingsName, text);
  announced_ = true;
}

/// Gets what messages have asked for. What is nearly there is waited for once, so that the clocks of the store and of
/// this machine may differ a little; of the rest there is what there is.
void Scheduler::lease() {
  pace_->gather(wanted_, clock_.now());
  const SteadyTime now = clock_.now();
  const bool enough = pace_->whole() >= wanted_;
  if (!enough && !std::exchange(patient_, true) && pace_->until(wanted_) <= patience_) {
    next_try_ = now + pace_->until(wanted_);
    return;
  }
  patient_ = false;
  const std::uint64_t granted = std::min(std::exchange(wanted_, 0), pace_->whole());
  pace_->use(granted);
  const Duration rest = enough ? Duration::zero() : std::max(pace_->until(1), std::min(kShortestRest, patience_));
  pacer_.grant(granted, now, now + rest);
}

void Scheduler::apply(const schedule::State& state) {
  if (known_ == state) return;
  const bool switched = !known_ || known_->running != state.running;
  known_ = state;
  wanted_ = 0;
  patient_ = false;
  next_try_ = {};
  if (pace_) pace_->open("scheduler.pace." + std::to_string(state.starts));
  pacer_.run(state.running);
  running_.set(state.running ? 1 : 0);
  if (!switched) return;
  if (state.running)
    log_.notice("worker.scheduler_started", "messages are sent",
                {{"interval", settings_.interval}, {"batch", std::to_string(settings_.batch)}});
  else
    log_.notice("worker.scheduler_stopped", "messages are kept but not sent until somebody starts the scheduler");
}

}  // namespace penstock
