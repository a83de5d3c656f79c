#pragma once

#include "http-ingest/metrics.h"

#include "penstock/clock.h"
#include "penstock/http.h"
#include "penstock/log.h"
#include "penstock/unique_function.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

namespace penstock {

/// A few threads on which calls wait for the store or for the queue's dead letters, with a bounded queue before them.
class ReaderPool {
public:
  using Answer = std::variant<HttpResponse, Problem>;
  using Question = UniqueFunction<Answer()>;

  ReaderPool(std::size_t threads, std::size_t backlog, Clock& clock, Log log, IngestMetrics& metrics);
  ~ReaderPool() { stop(SteadyTime::min()); }
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;

  /// Asks on a thread of the pool and answers with what comes back; refused with 503 at once when the backlog is full.
  /// [any thread] [does not block]
  void ask(Responder responder, Question question);

  /// Takes no more, answers what waits until the deadline, refuses the rest, and joins the threads.
  void stop(SteadyTime deadline) noexcept;

private:
  struct Call {
    Responder responder;
    Question question;
  };

  void run();
  Answer answer(Question& question);

  const std::size_t backlog_;
  Clock& clock_;
  Log log_;
  IngestMetrics& metrics_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Call> waiting_;
  bool stopping_ = false;
  SteadyTime deadline_ = SteadyTime::max();
  std::vector<std::jthread> threads_;
};

}  // namespace penstock
