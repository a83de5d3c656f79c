#include "metrics/scrapes.h"

#include "metrics/metrics.h"

#include <utility>

namespace penstock {
namespace {

// https://github.com/prometheus/docs/blob/main/content/docs/instrumenting/exposition_formats.md: Prometheus 3 refuses a
// scrape without it.
constexpr std::string_view kTextType = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kJsonType = "application/json";

std::size_t index(Format format) { return static_cast<std::size_t>(format); }

Problem refusal(std::string_view code, std::string detail) { return {503, code, std::move(detail), {}, 1}; }

}  // namespace

Scrapes::Scrapes(Exposition& exposition, Metrics& metrics, Clock& clock, const Log& log, std::size_t most_waiting)
    : exposition_(exposition),
      clock_(clock),
      log_(log),
      most_waiting_(most_waiting),
      answered_{&metrics.counter(kScrapes, {{"format", "text"}}), &metrics.counter(kScrapes, {{"format", "json"}})},
      refused_(metrics.counter(kScrapesRefused)),
      failures_(metrics.counter(kScrapeFailures)),
      time_(metrics.histogram(kScrapeTime)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

bool Scrapes::admit(Format format, Responder& responder, bool& closed) {
  std::lock_guard guard(waiting_.mutex);
  closed = waiting_.closed;
  if (closed || waiting_.count >= most_waiting_) return false;
  waiting_.by_format[index(format)].push_back(std::move(responder));
  ++waiting_.count;
  waiting_.changed.notify_one();
  return true;
}

void Scrapes::ask(Format format, Responder responder) {
  bool closed = false;
  if (admit(format, responder, closed)) return;
  if (closed) return responder.send(refusal("draining", "The service is stopping."));
  refused_.add();
  responder.send(refusal("too_many_scrapes", "Too many scrapes wait for their answer."));
}

void Scrapes::stop() noexcept {
  {
    std::lock_guard guard(waiting_.mutex);
    waiting_.closed = true;
  }
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

bool Scrapes::take(const std::stop_token& stop, Batch& batch) {
  std::unique_lock lock(waiting_.mutex);
  waiting_.changed.wait(lock, stop, [this] { return waiting_.count > 0; });
  if (waiting_.count == 0) return false;
  batch = std::exchange(waiting_.by_format, {});
  waiting_.count = 0;
  return true;
}

void Scrapes::run(const std::stop_token& stop) {
  for (Batch batch; take(stop, batch);)
    for (const Format format : {Format::Text, Format::Json}) answer(format, batch[index(format)]);
}

void Scrapes::answer(Format format, std::vector<Responder>& responders) noexcept {
  if (responders.empty()) return;
  try {
    const SteadyTime begin = clock_.now();
    const bool text = format == Format::Text;
    const std::string body = text ? exposition_.text() : exposition_.json();
    time_.observe(std::chrono::duration<double>(clock_.now() - begin).count());
    for (Responder& responder : responders) {
      answered_[index(format)]->add();
      responder.send(HttpResponse{200, text ? kTextType : kJsonType, body, {}});
    }
  } catch (const std::exception& failure) {
    failures_.add(static_cast<double>(responders.size()));
    log_.error("metrics.scrape_failed", failure.what());
  }
  responders.clear();
}

}  // namespace penstock
