#include "http-ingest/reader_pool.h"

#include "http-ingest/refusals.h"

#include "penstock/queue.h"
#include "penstock/store.h"

#include <exception>
#include <utility>

namespace penstock {

ReaderPool::ReaderPool(std::size_t threads, std::size_t backlog, Clock& clock, Log log, IngestMetrics& metrics)
    : backlog_(backlog), clock_(clock), log_(log), metrics_(metrics) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

void ReaderPool::ask(Responder responder, Question question) {
  bool stopping = false;
  {
    std::lock_guard guard(mutex_);
    stopping = stopping_;
    if (!stopping && waiting_.size() < backlog_) {
      waiting_.push_back({std::move(responder), std::move(question)});
      changed_.notify_one();
      return;
    }
  }
  metrics_.reads_refused.add();
  responder.send(stopping ? refusals::stopping() : refusals::storeBusy());
}

void ReaderPool::stop(SteadyTime deadline) noexcept {
  {
    std::lock_guard guard(mutex_);
    stopping_ = true;
    deadline_ = deadline;
  }
  changed_.notify_all();
  threads_.clear();
}

void ReaderPool::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    Call call = std::move(waiting_.front());
    waiting_.pop_front();
    const bool late = stopping_ && clock_.now() >= deadline_;
    lock.unlock();
    Answer reply = late ? Answer(refusals::stopping()) : answer(call.question);
    std::visit([&](auto& what) { call.responder.send(std::move(what)); }, reply);
    lock.lock();
  }
}

ReaderPool::Answer ReaderPool::answer(Question& question) {
  try {
    return question();
  } catch (const StoreUnavailable& failure) {
    metrics_.reads_failed.add();
    log_.warning("ingest.store_unavailable", "a reading call could not be answered", {{"reason", failure.what()}});
    return refusals::storeUnavailable();
  } catch (const QueueUnavailable& failure) {
    metrics_.reads_failed.add();
    log_.warning("ingest.queue_unavailable", "a call on dead letters could not be answered",
                 {{"reason", failure.what()}});
    return refusals::deadLettersUnavailable();
  } catch (const std::exception& failure) {
    metrics_.reads_failed.add();
    log_.error("ingest.read_failed", "a reading call failed", {{"reason", failure.what()}});
    return refusals::readFailed();
  }
}

}  // namespace penstock
