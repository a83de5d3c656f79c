#include "http-ingest/scheduler_calls.h"

#include "penstock/json.h"

#include <optional>
#include <utility>

namespace penstock {
namespace {

std::optional<schedule::Settings> settingsOf(Control& control) {
  const auto text = control.get(schedule::kSettingsName);
  return text ? schedule::readSettings(*text) : std::nullopt;
}

ReaderPool::Answer shown(const schedule::State& state, const std::optional<schedule::Settings>& settings) {
  HttpResponse response;
  JsonWriter json(response.body);
  json.beginObject().member("running", state.running);
  if (settings)
    json.member("interval", settings->interval).member("batch", settings->batch);
  else
    json.name("interval").null().name("batch").null();
  json.endObject();
  return response;
}

}  // namespace

void SchedulerCalls::show(HttpRequest&, Responder responder) {
  pool_.ask(std::move(responder), [this] {
    const auto settings = settingsOf(control_);
    const auto stored = control_.get(schedule::kStateName);
    return shown(stored ? schedule::readState(*stored) : schedule::assumed(settings), settings);
  });
}

void SchedulerCalls::start(HttpRequest& request, Responder responder) {
  change(request, std::move(responder), &schedule::started);
}

void SchedulerCalls::stop(HttpRequest& request, Responder responder) {
  change(request, std::move(responder), &schedule::stopped);
}

void SchedulerCalls::change(HttpRequest& request, Responder responder, schedule::State (*next)(schedule::State)) {
  pool_.ask(std::move(responder), [this, next, request_id = std::string(request.request_id)] {
    const auto settings = settingsOf(control_);
    const auto stored = control_.get(schedule::kStateName);
    const schedule::State before = stored ? schedule::readState(*stored) : schedule::assumed(settings);
    const schedule::State after = next(before);
    const std::string text = schedule::toText(after);
    // Also kept when it changes nothing, so that it outlasts another autostart.
    if (stored != text) control_.set(schedule::kStateName, text);
    if (after != before) note(after.running, request_id);
    return shown(after, settings);
  });
}

void SchedulerCalls::note(bool running, const std::string& request_id) {
  if (running)
    log_.notice("ingest.scheduler_started", "sending was started", {{"request_id", request_id}});
  else
    log_.notice("ingest.scheduler_stopped", "sending was stopped", {{"request_id", request_id}});
}

}  // namespace penstock
