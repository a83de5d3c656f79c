#include "worker/worker.h"

#include <algorithm>
#include <string>

namespace penstock {

void Worker::start(HealthBoard& board) {
  const WorkerSettings& settings = shared_.settings;
  // The longest a loop may be silent: one lease for a batch in hand, one empty receive, one pause.
  const Duration limit = settings.lease + settings.wait + settings.longest_pause;
  sender_.start(board);
  scheduler_.start(board);
  for (std::size_t number = 1; number <= settings.concurrency; ++number) {
    auto heartbeat = board.heartbeat("worker-" + std::to_string(number), limit);
    threads_.emplace_back([this, beat = std::move(heartbeat)](const std::stop_token& stop) mutable {
      Loop(shared_, std::move(beat)).run(stop);
    });
  }
  shared_.log.information("worker.started", "receiving events", {{"threads", std::to_string(settings.concurrency)}});
}

void Worker::stop(SteadyTime deadline) noexcept {
  shared_.drain_deadline = std::min(deadline, shared_.clock.now() + shared_.settings.drain);
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
  sender_.stop(shared_.drain_deadline.load());
  scheduler_.stop();
}

Health Worker::health() const {
  std::string reason;
  for (const Outage* outage : {&shared_.store_outage, &shared_.queue_outage})
    if (const auto sentence = outage->sentence()) reason += (reason.empty() ? "" : "; ") + *sentence;
  if (reason.empty()) return sender_.health();
  return {HealthState::Degraded, reason};
}

}  // namespace penstock
