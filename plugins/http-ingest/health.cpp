#include "http-ingest/health.h"

#include "http-ingest/refusals.h"

#include "penstock/json.h"

#include <utility>

namespace penstock {

namespace {

HttpResponse ok() {
  HttpResponse response;
  response.body = R"({"status":"ok"})";
  return response;
}

HttpResponse degraded(const std::vector<PluginHealth>& plugins) {
  HttpResponse response;
  JsonWriter json(response.body);
  json.beginObject().member("status", "degraded").name("details").beginArray();
  for (const PluginHealth& each : plugins)
    if (each.health.state != HealthState::Ready)
      json.beginObject().member("plugin", each.plugin).member("reason", each.health.reason).endObject();
  json.endArray().endObject();
  return response;
}

}  // namespace

void answerLive(HealthBoard& board, Responder responder) {
  std::vector<Fault> loops;
  for (std::string& name : board.stalled()) loops.push_back({std::move(name), "does not advance"});
  if (loops.empty())
    responder.send(ok());
  else
    responder.send(refusals::stalled(std::move(loops)));
}

void answerReady(HealthBoard& board, Responder responder) {
  std::vector<PluginHealth> plugins;
  switch (board.ready(&plugins)) {
    case HealthState::Ready:
      return responder.send(ok());
    case HealthState::Degraded:
      return responder.send(degraded(plugins));
    case HealthState::Down:
      break;
  }
  std::vector<Fault> missing;
  for (PluginHealth& each : plugins)
    if (each.health.state == HealthState::Down)
      missing.push_back({std::move(each.plugin), std::move(each.health.reason)});
  responder.send(refusals::notReady(std::move(missing)));
}

}  // namespace penstock
