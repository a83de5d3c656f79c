#include "shared/store/watches.h"

#include <algorithm>
#include <exception>
#include <vector>

namespace penstock::store {

namespace {

constexpr Duration kHeartbeatLimit = std::chrono::minutes(2);

}  // namespace

struct Watches::Board {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::condition_variable_any called;
  std::vector<std::shared_ptr<Entry>> entries;
  std::thread::id caller;  ///< the thread that calls back
  bool look_now = false;
};

class Watches::Registration final : public Watch {
public:
  Registration(std::shared_ptr<Board> board, std::shared_ptr<Entry> entry)
      : board_(std::move(board)), entry_(std::move(entry)) {}

  ~Registration() override {
    std::unique_lock lock(board_->mutex);
    entry_->ended = true;
    std::erase(board_->entries, entry_);
    if (std::this_thread::get_id() != board_->caller) board_->called.wait(lock, [this] { return !entry_->calling; });
    if (!entry_->calling) entry_->callback = nullptr;
  }

private:
  std::shared_ptr<Board> board_;
  std::shared_ptr<Entry> entry_;
};

Watches::Watches(std::string loop, Clock& clock, Duration interval, HealthBoard& board, const Log& log,
                 Counter& failures, Look look, std::function<void()> tick)
    : loop_(std::move(loop)),
      clock_(clock),
      interval_(interval),
      board_(board),
      log_(log),
      failures_(failures),
      look_(std::move(look)),
      tick_(std::move(tick)),
      entries_(std::make_shared<Board>()),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Watches::~Watches() = default;

std::unique_ptr<Watch> Watches::watch(std::string name, UniqueFunction<void(const std::string&)> changed) {
  auto entry = std::make_shared<Entry>();
  entry->name = std::move(name);
  entry->callback = std::move(changed);
  {
    std::lock_guard guard(entries_->mutex);
    entries_->entries.push_back(entry);
  }
  this->changed();
  return std::make_unique<Registration>(entries_, std::move(entry));
}

void Watches::changed() {
  {
    std::lock_guard guard(entries_->mutex);
    entries_->look_now = true;
  }
  entries_->wake.notify_one();
}

void Watches::run(const std::stop_token& stop) {
  const auto heartbeat = board_.heartbeat(loop_, kHeartbeatLimit);
  std::unique_lock lock(entries_->mutex);
  entries_->caller = std::this_thread::get_id();
  while (!stop.stop_requested()) {
    // Before looking, so that a step of the clock during the look is not slept through.
    const SteadyTime next = clock_.now() + interval_;
    entries_->look_now = false;
    lock.unlock();
    heartbeat->tick();
    tick_();
    lookAll();
    lock.lock();
    while (!entries_->look_now && !stop.stop_requested() && clock_.now() < next)
      clock_.wait(lock, entries_->wake, next, stop);
  }
}

void Watches::lookAll() {
  std::vector<std::shared_ptr<Entry>> entries;
  {
    std::lock_guard guard(entries_->mutex);
    entries = entries_->entries;
  }
  try {
    for (const auto& entry : entries) deliver(entry);
    failing_ = false;
  } catch (const std::exception& failure) {
    failures_.add();
    if (!std::exchange(failing_, true))
      log_.warning("store.watch_failed", "Watched values cannot be read.", {{"reason", failure.what()}});
  }
}

void Watches::deliver(const std::shared_ptr<Entry>& entry) {
  const std::optional<VersionedValue> value = look_(entry->name);
  if (!value || value->version == entry->seen) return;
  {
    std::lock_guard guard(entries_->mutex);
    if (entry->ended) return;
    entry->calling = true;
  }
  entry->seen = value->version;
  try {
    entry->callback(value->value);
  } catch (const std::exception& failure) {
    failures_.add();
    log_.error("store.watch_callback_failed", "A watch's callback failed.", {{"reason", failure.what()}});
  }
  {
    std::lock_guard guard(entries_->mutex);
    entry->calling = false;
  }
  entries_->called.notify_all();
}

}  // namespace penstock::store
