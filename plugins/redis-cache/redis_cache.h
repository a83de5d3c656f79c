#pragma once

#include "penstock/cache.h"
#include "penstock/clock.h"
#include "redis-cache/condition.h"
#include "redis-cache/connection.h"
#include "redis-cache/metrics.h"
#include "redis-cache/notes.h"
#include "redis-cache/settings.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

namespace penstock::redis_cache {

/// One thread with one connection does everything: it writes what has gathered, answers who asks, and connects again.
/// Callers only leave things with it, so nothing that a server or a network does can hold them up. The thread has no
/// heartbeat, because a name server that hangs must not make the service look dead.
class RedisCache final : public Cache {
public:
  /// [throws: StartFailure]
  RedisCache(const Settings& settings, Metrics& metrics, Clock& clock, const Log& log);
  ~RedisCache() override { stop(SteadyTime::min()); }
  RedisCache(const RedisCache&) = delete;
  RedisCache& operator=(const RedisCache&) = delete;

  void note(SentNote note) noexcept override;
  std::optional<std::vector<SentNote>> newest(Page page) noexcept override;
  Health health() const { return condition_.health(); }

  /// Writes what waits until the deadline if there is a connection, drops the rest, and ends the thread.
  /// [blocks: to the deadline, or to the end of the exchange or attempt to connect that is under way]
  void stop(SteadyTime deadline) noexcept;

private:
  struct Question {
    Page page;
    std::optional<std::vector<SentNote>> answer;
    bool done = false;
  };
  using Questions = std::vector<std::shared_ptr<Question>>;
  struct Work {
    std::vector<SentNote> notes;
    Questions questions;
  };

  bool keep(SentNote& note);
  std::shared_ptr<Question> ask(Page page);
  void run(const std::stop_token& stop) noexcept;
  void connect();
  void serve(const std::stop_token& stop);
  Work await(const std::stop_token& stop);
  void takeNotes(Work& work);
  void write(const std::vector<SentNote>& notes, SteadyTime deadline);
  void answer(Questions& questions);
  void finish() noexcept;
  void failed(const Fault& fault);
  void dismiss(const Questions& questions);
  void pause(const std::stop_token& stop);

  const Settings settings_;
  Clock& clock_;
  const Log log_;
  Instruments metrics_;
  Condition condition_;
  const Connector connector_;
  const Notes notes_;

  std::unique_ptr<Connection> connection_;  // the thread's own, as are the next two
  Backoff backoff_;
  SteadyTime next_probe_{};

  std::mutex mutex_;
  std::condition_variable_any changed_;   // there is work
  std::condition_variable_any answered_;  // a question is done
  std::deque<SentNote> waiting_;          // guarded by mutex_, as are all below
  Questions questions_;
  bool connected_ = false;
  bool stopping_ = false;
  SteadyTime stop_deadline_ = SteadyTime::min();
  std::unique_ptr<Collection> collection_;
  std::jthread thread_;
};

}  // namespace penstock::redis_cache
