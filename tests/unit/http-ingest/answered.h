#pragma once

#include "penstock/http.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace penstock::test {

/// Where one request's answer arrives.
class Answered {
public:
  Answered() = default;
  Answered(Answered&&) = default;
  Answered& operator=(Answered&&) = default;

  Responder responder() { return Responder(sink_); }

  /// The answer, once it is there.
  const HttpResponse& response() const {
    sink_->await();
    if (!sink_->response) throw std::runtime_error("refused: " + sink_->problem.value().detail);
    return *sink_->response;
  }
  const Problem& problem() const {
    sink_->await();
    if (!sink_->problem) throw std::runtime_error("not refused");
    return *sink_->problem;
  }
  unsigned status() const {
    sink_->await();
    return sink_->response ? sink_->response->status : sink_->problem->status;
  }
  bool answered() const {
    std::lock_guard guard(sink_->mutex);
    return sink_->done();
  }
  std::optional<std::string> header(std::string_view name) const {
    for (const auto& [key, value] : response().headers)
      if (key == name) return value;
    return std::nullopt;
  }

private:
  struct Sink final : Responder::Sink {
    mutable std::mutex mutex;
    mutable std::condition_variable changed;
    std::optional<HttpResponse> response;
    std::optional<Problem> problem;

    bool done() const { return response || problem; }
    void await() const {
      std::unique_lock lock(mutex);
      if (!changed.wait_for(lock, std::chrono::seconds(60), [this] { return done(); }))
        throw std::runtime_error("no answer came");
    }
    void send(HttpResponse answer) noexcept override {
      std::lock_guard guard(mutex);
      response = std::move(answer);
      changed.notify_all();
    }
    void send(Problem refusal) noexcept override {
      std::lock_guard guard(mutex);
      problem = std::move(refusal);
      changed.notify_all();
    }
    void abandon() noexcept override { send(Problem{500, "abandoned", "abandoned", {}, {}}); }
  };
  std::shared_ptr<Sink> sink_ = std::make_shared<Sink>();
};

}  // namespace penstock::test
