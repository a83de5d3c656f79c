#include "logging/line_sink.h"

#include <pthread.h>

#include <algorithm>
#include <csignal>

namespace penstock {
namespace {

using namespace std::chrono_literals;

constexpr auto kGather = 2ms;
constexpr auto kPatience = 100ms;
constexpr int kPatiences = 5;
constexpr auto kFullPause = 200ms;
constexpr auto kReportEvery = 1s;
constexpr std::size_t kKeptRoom = 256U << 10U;

}  // namespace

LineSink::LineSink(Options options)
    : options_(std::move(options)),
      destination_(std::make_unique<Destination>(options_.destination)),
      terminal_(destination_->isTerminal()) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LineSink::~LineSink() { stop(); }

bool LineSink::append(std::string_view line, bool important) noexcept {
  bool wake = false;
  {
    std::unique_lock lock(mutex_);
    const std::size_t room = important ? options_.capacity : options_.capacity - options_.capacity / 4;
    const std::size_t used = filling_.size() + writing_bytes_;
    if (stopped_) {
      stop_deadline_ = Steady::now() + kPatience;
      if (writeOut(lock, line) == line.size()) return true;
      drop(1);
      return false;
    }
    if (used + line.size() > room) {
      drop(1);
      return false;
    }
    try {
      filling_.append(line);
    } catch (const std::bad_alloc&) {
      drop(1);
      return false;
    }
    ++appended_;
    ++filling_lines_;
    const std::size_t half = options_.capacity / 2;
    wake = idle_ || (used < half && used + line.size() >= half);
    idle_ = false;
  }
  if (wake) wake_.notify_one();
  return true;
}

void LineSink::drop(std::uint64_t lines) noexcept {
  dropped_ += lines;
  unreported_ += lines;
  if (counter_ != nullptr)
    counter_->add(static_cast<double>(lines));
  else
    uncounted_ += lines;
}

void LineSink::countDrops(Counter* counter) noexcept {
  const std::lock_guard lock(mutex_);
  counter_ = counter;
  if (counter_ != nullptr && uncounted_ > 0) counter_->add(static_cast<double>(std::exchange(uncounted_, 0)));
}

std::uint64_t LineSink::dropped() const noexcept {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void LineSink::flush(std::chrono::milliseconds patience) noexcept {
  std::unique_lock lock(mutex_);
  if (stuck_ || stopped_) return;
  const std::uint64_t target = appended_;
  urgent_ = true;
  wake_.notify_one();
  written_.wait_for(lock, patience, [&] { return finished_ >= target || stopped_; });
}

void LineSink::reopen() {
  auto fresh = std::make_unique<Destination>(options_.destination);
  const std::lock_guard lock(mutex_);
  fresh_ = std::move(fresh);
  wake_.notify_one();
}

void LineSink::stop() noexcept {
  const std::lock_guard joining(joining_);
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    stopping_ = true;
    stop_deadline_ = Steady::now() + options_.stop_patience;
    stop_limit_ = Steady::now() + kPatiences * options_.stop_patience;
    wake_.notify_one();
  }
  thread_.join();
}

void LineSink::run() noexcept {
  std::unique_lock lock(mutex_);
  while (work(lock)) continue;
  stopped_ = true;
  written_.notify_all();
}

/// One batch. False when all is done.
bool LineSink::work(std::unique_lock<std::mutex>& lock) {
  gather(lock);
  if (fresh_) destination_ = std::move(fresh_);
  const std::uint64_t reported = addReport();
  if (filling_.empty()) return !stopping_;
  urgent_ = false;
  std::swap(filling_, writing_);
  const std::uint64_t lines = std::exchange(filling_lines_, 0);
  writing_bytes_ = writing_.size();
  const std::size_t done = writeOut(lock, writing_);
  if (done < writing_.size()) {
    stuck_ = true;
    // The report is the last line: it is lost too, but nobody's, and what it reports is to be reported again.
    const auto rest = writing_.begin() + static_cast<std::ptrdiff_t>(done);
    drop(static_cast<std::uint64_t>(std::count(rest, writing_.end(), '\n')) - (reported > 0 ? 1 : 0));
    unreported_ += reported;
  }
  writing_.clear();
  if (writing_.capacity() > kKeptRoom) std::string().swap(writing_);
  writing_bytes_ = 0;
  finished_ += lines;
  written_.notify_all();
  return true;
}

/// Waits for lines, and then a moment for more of them, so that one call writes many.
void LineSink::gather(std::unique_lock<std::mutex>& lock) {
  const auto something = [this] { return !filling_.empty() || stopping_ || fresh_; };
  while (!something()) {
    idle_ = true;
    if (unreported_ == 0 || stuck_) {
      wake_.wait(lock);
    } else if (wake_.wait_until(lock, last_report_ + kReportEvery) == std::cv_status::timeout) {
      break;
    }
  }
  idle_ = false;
  wake_.wait_for(lock, kGather,
                 [this] { return stopping_ || urgent_ || filling_.size() + writing_bytes_ >= options_.capacity / 2; });
}

/// Adds a line about what was dropped, if it is time for one, and returns how many lines that were.
std::uint64_t LineSink::addReport() {
  if (unreported_ == 0 || stuck_ || !options_.report) return 0;
  const auto now = Steady::now();
  if (!stopping_ && now < last_report_ + kReportEvery) return 0;
  last_report_ = now;
  try {
    filling_ += options_.report(unreported_);
  } catch (const std::bad_alloc&) {
    return 0;  // still unreported; the next round tries again
  }
  ++filling_lines_;
  ++appended_;
  return std::exchange(unreported_, 0);
}

bool LineSink::patient() const { return !(stopping_ || stopped_) || Steady::now() < stop_deadline_; }

/// Returns how many bytes went out; fewer than given when the destination is broken or patience has ended.
std::size_t LineSink::writeOut(std::unique_lock<std::mutex>& lock, std::string_view bytes) {
  std::size_t done = 0;
  while (done < bytes.size() && patient()) {
    const bool running = !stopped_;
    if (running) lock.unlock();
    const auto [result, count] = destination_->write(bytes.substr(done), kPatience);
    if (running) lock.lock();
    done += count;
    stuck_ = result != Destination::Result::Written;
    if (result == Destination::Result::Broken) break;
    if (count > 0 && stopping_ && running)
      stop_deadline_ = std::min(Steady::now() + options_.stop_patience, stop_limit_);
    if (result == Destination::Result::Full) wake_.wait_for(lock, kFullPause);
  }
  return done;
}

}  // namespace penstock
