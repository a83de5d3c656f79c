#pragma once

#include "metrics/negotiation.h"
#include "penstock/clock.h"
#include "penstock/http.h"
#include "penstock/log.h"
#include "penstock/metrics.h"

#include <array>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

namespace penstock {

/// Writes expositions on a thread of its own, so that a loop that serves messages never waits for one (some hundred
/// series take about a millisecond, and collectors ask the queue engine). Scrapes that wait together get one writing.
class Scrapes {
public:
  Scrapes(Exposition& exposition, Metrics& metrics, Clock& clock, const Log& log, std::size_t most_waiting);
  ~Scrapes() { stop(); }
  Scrapes(const Scrapes&) = delete;
  Scrapes& operator=(const Scrapes&) = delete;

  /// Answers sometime; at once with 503 when too many wait or after stop. [any thread] [does not block]
  void ask(Format format, Responder responder);

  /// Answers those that wait and ends the thread. [blocks: one writing]
  void stop() noexcept;

private:
  static constexpr std::size_t kFormats = 2;
  using Batch = std::array<std::vector<Responder>, kFormats>;
  struct Waiting {
    std::mutex mutex;
    std::condition_variable_any changed;
    Batch by_format;
    std::size_t count = 0;
    bool closed = false;
  };

  bool admit(Format format, Responder& responder, bool& closed);
  void run(const std::stop_token& stop);
  bool take(const std::stop_token& stop, Batch& batch);
  void answer(Format format, std::vector<Responder>& responders) noexcept;

  Exposition& exposition_;
  Clock& clock_;
  Log log_;
  std::size_t most_waiting_;
  std::array<Counter*, kFormats> answered_;
  Counter& refused_;
  Counter& failures_;
  Histogram& time_;
  Waiting waiting_;
  std::jthread thread_;
};

}  // namespace penstock
