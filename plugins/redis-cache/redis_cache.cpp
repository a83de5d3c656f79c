#include "redis-cache/redis_cache.h"

#include "redis-cache/fault.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

namespace penstock::redis_cache {

namespace {

constexpr Duration kProbe = std::chrono::seconds(2);  // how long a trouble goes unnoticed while nothing is sent
constexpr std::size_t kMostQuestions = 32;
constexpr std::size_t kLongestId = 512;

/// A write to a connection that the server has closed. TLS has no way to ask for an error instead, and a thread may not
/// rely on what the process does about the signal.
void blockBrokenPipe() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

RedisCache::RedisCache(const Settings& settings, Metrics& metrics, Clock& clock, const Log& log)
    : settings_(settings),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      condition_(log, metrics_.connected, settings.url.place()),
      connector_(settings_),
      notes_(settings_, clock),
      backoff_(settings.reconnect),
      collection_(metrics.beforeExposition([this] {
        std::lock_guard guard(mutex_);
        metrics_.waiting.set(static_cast<double>(waiting_.size()));
      })),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void RedisCache::note(SentNote note) noexcept {
  try {
    if (note.provider_message_id.size() > kLongestId)
      metrics_.dropped(Drop::TooLong).add();
    else if (!keep(note))
      metrics_.dropped(Drop::Stopped).add();
  } catch (const std::exception&) {
    metrics_.dropped(Drop::Overflow).add();
  }
}

bool RedisCache::keep(SentNote& note) {
  std::lock_guard guard(mutex_);
  if (stopping_) return false;
  waiting_.push_back(std::move(note));
  if (waiting_.size() > settings_.queue) {
    waiting_.pop_front();
    metrics_.dropped(Drop::Overflow).add();
  }
  if (connected_) changed_.notify_one();
  return true;
}

std::shared_ptr<RedisCache::Question> RedisCache::ask(Page page) {
  auto question = std::make_shared<Question>();
  question->page = page;
  const SteadyTime deadline = clock_.now() + settings_.read_timeout;
  std::unique_lock lock(mutex_);
  if (!connected_ || stopping_ || questions_.size() >= kMostQuestions) return nullptr;
  questions_.push_back(question);
  changed_.notify_one();
  while (!question->done && clock_.now() < deadline) clock_.wait(lock, answered_, deadline, {});
  if (question->done) return question;
  std::erase(questions_, question);
  return nullptr;
}

std::optional<std::vector<SentNote>> RedisCache::newest(Page page) noexcept {
  std::optional<std::vector<SentNote>> answer;
  try {
    if (const auto question = ask(page)) answer = std::move(question->answer);
  } catch (const std::exception&) {
    answer.reset();  // no memory
  }
  (answer ? metrics_.answered : metrics_.unknown).add();
  return answer;
}

void RedisCache::stop(SteadyTime deadline) noexcept {
  {
    std::lock_guard guard(mutex_);
    stopping_ = true;
    stop_deadline_ = deadline;
  }
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  collection_.reset();
}

void RedisCache::run(const std::stop_token& stop) noexcept {
  blockBrokenPipe();
  while (!stop.stop_requested()) {
    try {
      if (connection_)
        serve(stop);
      else
        connect();
    } catch (const Fault& fault) {
      failed(fault);
      pause(stop);
    } catch (const std::exception& fault) {
      log_.error("cache.exception", "Working with Redis failed.", {{"reason", fault.what()}});
      failed(Fault(FaultKind::Broken, fault.what()));
      pause(stop);
    }
  }
  finish();
}

void RedisCache::connect() {
  connection_ = std::make_unique<Connection>(connector_, settings_, clock_);
  next_probe_ = clock_.now();
  std::lock_guard guard(mutex_);
  connected_ = true;
}

/// Everything that waits, once; in the order of its coming, so that who has noted finds it.
void RedisCache::serve(const std::stop_token& stop) {
  Work work = await(stop);
  try {
    if (!work.notes.empty()) write(work.notes, clock_.now() + settings_.timeout);
    answer(work.questions);
  } catch (...) {
    dismiss(work.questions);
    throw;
  }
  if (clock_.now() < next_probe_) return;
  next_probe_ = clock_.now() + kProbe;
  try {
    notes_.probe(*connection_, clock_.now() + settings_.timeout);
    condition_.good();
    backoff_.reset();
  } catch (const Fault& fault) {
    if (fault.kind != FaultKind::Refused) throw;
    metrics_.errors(fault.kind).add();
    condition_.bad(fault.what());
  }
}

RedisCache::Work RedisCache::await(const std::stop_token& stop) {
  Work work;
  std::unique_lock lock(mutex_);
  while (waiting_.empty() && questions_.empty() && clock_.now() < next_probe_ && !stop.stop_requested())
    clock_.wait(lock, changed_, next_probe_, stop);
  takeNotes(work);
  work.questions.swap(questions_);
  return work;
}

/// The caller holds the mutex.
void RedisCache::takeNotes(Work& work) {
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), settings_.batch));
  work.notes.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
}

void RedisCache::write(const std::vector<SentNote>& notes, SteadyTime deadline) {
  const SteadyTime begin = clock_.now();
  Notes::Outcome outcome;
  try {
    outcome = notes_.write(*connection_, notes, deadline);
  } catch (const std::exception&) {
    metrics_.dropped(Drop::Lost).add(static_cast<double>(notes.size()));
    throw;
  }
  metrics_.latency.observe(std::chrono::duration<double>(clock_.now() - begin).count());
  metrics_.written.add(static_cast<double>(outcome.kept));
  next_probe_ = clock_.now() + kProbe;
  if (outcome.refusal.empty()) {
    condition_.good();
    backoff_.reset();
    return;
  }
  metrics_.dropped(Drop::Refused).add(static_cast<double>(notes.size() - outcome.kept));
  metrics_.errors(FaultKind::Refused).add();
  condition_.bad(outcome.refusal);
}

void RedisCache::answer(Questions& questions) {
  for (const auto& question : questions) {
    std::optional<std::vector<SentNote>> found;
    try {
      found = notes_.page(*connection_, question->page, clock_.now() + settings_.timeout);
    } catch (const Fault& fault) {
      if (fault.kind != FaultKind::Refused) throw;
      metrics_.errors(fault.kind).add();
    }
    std::lock_guard guard(mutex_);
    question->answer = std::move(found);
    question->done = true;
    answered_.notify_all();
  }
}

/// Those that have no answer get none.
void RedisCache::dismiss(const Questions& questions) {
  std::lock_guard guard(mutex_);
  for (const auto& question : questions) question->done = true;
  answered_.notify_all();
}

void RedisCache::failed(const Fault& fault) {
  connection_.reset();
  metrics_.errors(fault.kind).add();
  condition_.bad(fault.what());
  Questions questions;
  {
    std::lock_guard guard(mutex_);
    connected_ = false;
    questions.swap(questions_);
  }
  dismiss(questions);
}

void RedisCache::pause(const std::stop_token& stop) {
  const SteadyTime until = clock_.now() + backoff_.next();
  std::unique_lock lock(mutex_);
  while (clock_.now() < until && !stop.stop_requested()) clock_.wait(lock, changed_, until, stop);
}

void RedisCache::finish() noexcept {
  Work work;
  try {
    std::unique_lock lock(mutex_);
    while (connection_ && !waiting_.empty() && clock_.now() < stop_deadline_) {
      const SteadyTime deadline = std::min(stop_deadline_, clock_.now() + settings_.timeout);
      takeNotes(work);
      lock.unlock();
      write(work.notes, deadline);
      lock.lock();
    }
  } catch (const std::exception& fault) {
    log_.warning("cache.unavailable", "The last notes may not be remembered.", {{"reason", fault.what()}});
  }
  connection_.reset();
  std::unique_lock lock(mutex_);
  metrics_.dropped(Drop::Stopped).add(static_cast<double>(waiting_.size()));
  waiting_.clear();
  metrics_.waiting.set(0);
  connected_ = false;
  Questions questions;
  questions.swap(questions_);
  lock.unlock();
  dismiss(questions);
}

}  // namespace penstock::redis_cache
