#include "ctl/reading.h"

#include "ctl/failure.h"
#include "ctl/members.h"
#include "ctl/output.h"

#include <algorithm>
#include <array>

namespace penstock::ctl {
namespace {

namespace json = boost::json;

struct Counter {
  const char* name;
  const char* title;
};

constexpr std::array kCounters{
    Counter{"accepted", "accepted"}, Counter{"persisted", "persisted"}, Counter{"sent", "sent"},
    Counter{"not_sent", "not sent"}, Counter{"unknown", "unknown"},     Counter{"retried", "retried"},
    Counter{"dead", "dead"},         Counter{"refused", "refused"},     Counter{"duplicates", "duplicates"},
};

constexpr std::size_t kTitleWidth = 11;

const json::value& part(const json::value& status, const char* name) {
  static const json::value kNothing;
  const json::value* found = member(status, name);
  return found == nullptr ? kNothing : *found;
}

const json::array& list(const json::value& object, const char* name) {
  static const json::array kNone;
  const json::value* found = member(object, name);
  return found != nullptr && found->is_array() ? found->get_array() : kNone;
}

std::string line(std::string title, const std::string& text) {
  title.resize(std::max(kTitleWidth, title.size() + 1), ' ');
  return title + text;
}

void join(std::string& text, const std::string& more) { text += (text.empty() ? "" : "   ") + more; }

std::string count(const json::value& object, const char* name) {
  const auto number = numberIn(object, name);
  return number ? figure(*number) : "-";
}

std::string heading(const json::value& status) {
  std::string text = "Penstock " + cell(status, "version") + "   " + cell(status, "state");
  join(text, "up " + span(numberIn(status, "uptime_seconds").value_or(-1)));
  join(text, "pid " + cell(status, "pid"));
  if (const auto held = numberIn(status, "resident_bytes")) join(text, bytes(*held) + " resident");
  return text;
}

std::string queueText(const json::value& queue) {
  if (queue.is_null()) return "none";
  std::string text = cell(queue, "engine");
  const json::value* up = member(queue, "up");
  if (up != nullptr && up->is_bool() && !up->get_bool()) join(text, "AWAY, last known:");
  for (const char* name : {"ready", "leased", "scheduled", "dead"})
    join(text, std::string(name) + " " + count(queue, name));
  const auto age = numberIn(queue, "oldest_ready_age_seconds");
  join(text, "oldest " + (age ? span(*age) : "-"));
  return text;
}

std::string breakersText(const json::value& status) {
  const json::array& breakers = list(status, "breakers");
  std::string text;
  for (const json::value& each : breakers) {
    const std::string state = textIn(each, "state");
    if (state != "closed") join(text, cell(each, "provider") + (state == "open" ? " OPEN" : " on trial"));
  }
  if (!text.empty()) return text;
  return breakers.empty() ? "-" : "none open of " + std::to_string(breakers.size());
}

std::string databasesText(const json::value& status) {
  std::string text;
  for (const json::value& each : list(status, "databases")) {
    const json::value* up = member(each, "up");
    const bool answers = up != nullptr && up->is_bool() && up->get_bool();
    join(text, cell(each, "engine") + (answers ? " up" : " DOWN"));
    join(text, count(each, "connections_in_use") + " connections in use");
    if (const auto oldest = numberIn(each, "oldest_transaction_seconds"); oldest && *oldest > 0)
      join(text, "oldest transaction " + span(*oldest));
  }
  return text.empty() ? "embedded" : text;
}

std::string policyText(const json::value& policy) {
  std::string text = cell(policy, "hash");
  const json::value* taken = member(policy, "last_reload_taken");
  if (taken != nullptr && taken->is_bool() && !taken->get_bool()) join(text, "THE LAST RELOAD WAS REFUSED");
  return text;
}

std::string sendingText(const json::value& status) {
  const json::value* sending = member(status, "sending");
  std::string text = sending == nullptr || !sending->is_bool() ? "" : sending->get_bool() ? "runs" : "STOPPED";
  if (numberIn(status, "sends_in_flight")) join(text, count(status, "sends_in_flight") + " on their way");
  return text.empty() ? "-" : text;
}

/// Empty when nothing waits.
std::string waitingText(const json::value& waiting) {
  std::string text;
  if (!waiting.is_object()) return text;
  for (const auto& [cause, messages] : waiting.get_object())
    if (messages.is_number() && messages.to_number<double>() > 0)
      join(text, printable(std::string(cause)) + " " + figure(messages.to_number<double>()));
  return text;
}

std::string ratesText(const Reading& now, const Reading& earlier) {
  std::string text;
  for (const Counter& counter : kCounters)
    if (const auto rate = now.rate(earlier, counter.name)) join(text, std::string(counter.title) + " " + figure(*rate));
  return text.empty() ? "-" : text;
}

}  // namespace

Reading::Reading(json::value status) : status_(std::move(status)), uptime_(0) {
  const auto uptime = numberIn(status_, "uptime_seconds");
  if (!uptime || member(status_, "counters") == nullptr)
    throw Failure(Exit::Unexpected, "the answer is no status; is this the admin listener of a Penstock?");
  uptime_ = *uptime;
}

std::optional<double> Reading::rate(const Reading& earlier, const char* counter) const {
  const auto from = numberIn(part(earlier.status_, "counters"), counter);
  const auto to = numberIn(part(status_, "counters"), counter);
  const double seconds = uptime_ - earlier.uptime_;
  if (!from || !to || *to < *from || !(seconds > 0)) return std::nullopt;
  return (*to - *from) / seconds;
}

json::object Reading::rates(const Reading& earlier) const {
  json::object rates;
  for (const Counter& counter : kCounters) {
    const auto found = rate(earlier, counter.name);
    rates.emplace(counter.name, found ? json::value(*found) : json::value());
  }
  return rates;
}

std::vector<std::string> screenOf(const Reading& now, const Reading* earlier) {
  const json::value& status = now.status();
  const json::value& listeners = part(status, "listeners");
  std::vector<std::string> lines{heading(status)};
  lines.push_back(line("listens", cell(listeners, "public") + "   admin " + cell(listeners, "admin")));
  lines.push_back(line("queue", queueText(part(status, "queue"))));
  if (earlier != nullptr) lines.push_back(line("a second", ratesText(now, *earlier)));
  lines.push_back(line("sending", sendingText(status)));
  if (const std::string waiting = waitingText(part(status, "waiting")); !waiting.empty())
    lines.push_back(line("waiting", waiting));
  lines.push_back(line("breakers", breakersText(status)));
  lines.push_back(line("database", databasesText(status)));
  const json::value& policy = part(status, "policy");
  lines.push_back(line("policy", policyText(policy)));
  std::string restart;
  for (const json::value& key : list(policy, "needs_restart"))
    if (key.is_string()) join(restart, printable(std::string(key.get_string())));
  if (!restart.empty()) lines.push_back(line("restart for", restart));
  for (const json::value& each : list(status, "plugins")) {
    std::string text = cell(each, "state");
    if (member(each, "reason") != nullptr) text += ": " + cell(each, "reason");
    lines.push_back(line("", cell(each, "plugin") + " " + text));
  }
  for (const json::value& loop : list(status, "stalled"))
    if (loop.is_string()) lines.push_back(line("STALLED", printable(std::string(loop.get_string()))));
  return lines;
}

}  // namespace penstock::ctl
