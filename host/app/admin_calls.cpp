#include "app/admin_calls.h"

#include "penstock/json.h"

#include <unistd.h>

#include <utility>

namespace penstock {
namespace {

Problem draining() { return {503, "draining", "The service is draining.", {}, 5}; }

void writeList(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.name(name).beginArray();
  for (const std::string& text : texts) json.value(text);
  json.endArray();
}

HttpResponse taken(const ReloadReport& report) {
  HttpResponse response;
  JsonWriter json(response.body);
  json.beginObject().member("status", "reloaded");
  writeList(json, "changed", report.changed);
  writeList(json, "needs_restart", report.needs_restart);
  writeList(json, "kept_old", report.kept_old);
  json.member("policy", report.policy).endObject();
  return response;
}

/// A sentence begins with the place of the fault and a colon: the file and line of a script, or a key.
Fault faultOf(const std::string& sentence) {
  const std::size_t colon = sentence.find(": ");
  if (colon == std::string::npos) return {"configuration", sentence};
  return {sentence.substr(0, colon), sentence.substr(colon + 2)};
}

Problem refused(const ReloadReport& report) {
  Problem problem{422, "reload_refused", "Nothing was reloaded; what was in force stays.", {}, {}};
  for (const std::string& sentence : report.faults) problem.errors.push_back(faultOf(sentence));
  return problem;
}

void answerStatus(std::string json, Responder& responder) {
  if (json.empty())
    responder.send(Problem{500, "internal_error", "The status could not be told; the log says why.", {}, {}});
  else
    responder.send(HttpResponse{200, "application/json", std::move(json), {}});
}

HttpResponse drains(Duration timeout) {
  HttpResponse response;
  response.status = 202;
  JsonWriter json(response.body);
  json.beginObject().member("status", "draining").member("pid", static_cast<std::int64_t>(::getpid()));
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  json.member("drain_timeout_ms", static_cast<std::int64_t>(milliseconds)).endObject();
  return response;
}

}  // namespace

void AdminCalls::addTo(Http& http) {
  const auto add = [&](Method method, std::string_view pattern, Kind kind) {
    Route route;
    route.listener = ListenerName::Admin;
    route.method = method;
    route.pattern = pattern;
    route.handler = [this, kind](HttpRequest& request, Responder responder) {
      ask(kind, request, std::move(responder));
    };
    http.add(std::move(route));
  };
  add(Method::Post, "/admin/reload", Kind::Reload);
  add(Method::Post, "/admin/drain", Kind::Drain);
  add(Method::Get, "/admin/status", Kind::Status);
}

void AdminCalls::ask(Kind kind, HttpRequest& request, Responder responder) {
  // With http.admin.address set, a page that an operator has open could reach the listener through the browser.
  if (request.header("origin") || request.header("sec-fetch-site"))
    return responder.send(Problem{403, "no_browsers", "Pages in a browser may not administer.", {}, {}});
  {
    std::unique_lock lock(waiting_.mutex);
    if (waiting_.closed) {
      lock.unlock();
      return responder.send(draining());
    }
    waiting_.calls.push_back({kind, std::move(responder)});
  }
  wake_();
}

bool AdminCalls::work(const Work& work) {
  std::vector<Call> calls;
  {
    std::lock_guard guard(waiting_.mutex);
    calls.swap(waiting_.calls);
  }
  bool drain = false;
  for (Call& call : calls) {
    switch (call.kind) {
      case Kind::Status:
        answerStatus(work.status(), call.responder);
        break;
      case Kind::Reload: {
        const ReloadReport report = work.reload();
        if (report.taken)
          call.responder.send(taken(report));
        else
          call.responder.send(refused(report));
        break;
      }
      case Kind::Drain:
        drain = true;
        call.responder.send(drains(work.drain_timeout));
        break;
    }
  }
  return drain;
}

void AdminCalls::close() noexcept {
  std::vector<Call> calls;
  {
    std::lock_guard guard(waiting_.mutex);
    waiting_.closed = true;
    calls.swap(waiting_.calls);
  }
  for (Call& call : calls) call.responder.send(draining());
}

}  // namespace penstock
