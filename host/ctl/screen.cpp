#include "ctl/screen.h"

#include "ctl/members.h"

#include <algorithm>
#include <utility>

namespace penstock::ctl {
namespace {

namespace json = boost::json;

using Items = std::vector<std::string>;

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

bool isFalse(const json::value& object, const char* name) {
  const json::value* found = member(object, name);
  return found != nullptr && found->is_bool() && !found->get_bool();
}

std::string count(const json::value& object, const char* name) {
  const auto number = numberIn(object, name);
  return number ? figure(*number) : "-";
}

Items heading(const json::value& status) {
  Items items{"Penstock " + cell(status, "version"), cell(status, "state"),
              "up " + span(numberIn(status, "uptime_seconds").value_or(-1)), "pid " + cell(status, "pid")};
  if (const auto held = numberIn(status, "resident_bytes")) items.push_back(bytes(*held) + " resident");
  return items;
}

Items queueItems(const json::value& queue) {
  if (queue.is_null()) return {"none"};
  Items items{cell(queue, "engine")};
  if (isFalse(queue, "up")) items.emplace_back("AWAY, last known:");
  for (const char* name : {"ready", "leased", "scheduled", "dead"})
    items.push_back(std::string(name) + " " + count(queue, name));
  const auto age = numberIn(queue, "oldest_ready_age_seconds");
  items.push_back("oldest " + (age ? span(*age) : "-"));
  return items;
}

Items breakerItems(const json::value& status) {
  const json::array& breakers = list(status, "breakers");
  Items items;
  for (const json::value& each : breakers) {
    const std::string state = textIn(each, "state");
    if (state != "closed") items.push_back(cell(each, "provider") + (state == "open" ? " OPEN" : " on trial"));
  }
  if (!items.empty()) return items;
  return {breakers.empty() ? "-" : "none open of " + std::to_string(breakers.size())};
}

Items databaseItems(const json::value& status) {
  Items items;
  for (const json::value& each : list(status, "databases")) {
    const json::value* up = member(each, "up");
    const bool answers = up != nullptr && up->is_bool() && up->get_bool();
    items.push_back(cell(each, "engine") + (answers ? " up" : " DOWN"));
    items.push_back(count(each, "connections_in_use") + " connections in use");
    if (const auto oldest = numberIn(each, "oldest_transaction_seconds"); oldest && *oldest > 0)
      items.push_back("oldest transaction " + span(*oldest));
  }
  return items.empty() ? Items{"embedded"} : items;
}

Items policyItems(const json::value& policy) {
  Items items{cell(policy, "hash")};
  if (isFalse(policy, "last_reload_taken")) items.emplace_back("THE LAST RELOAD WAS REFUSED");
  return items;
}

Items sendingItems(const json::value& status) {
  const json::value* sending = member(status, "sending");
  Items items;
  if (sending != nullptr && sending->is_bool()) items.emplace_back(sending->get_bool() ? "runs" : "STOPPED");
  if (numberIn(status, "sends_in_flight")) items.push_back(count(status, "sends_in_flight") + " on their way");
  return items.empty() ? Items{"-"} : items;
}

/// Empty when nothing waits.
Items waitingItems(const json::value& waiting) {
  Items items;
  if (!waiting.is_object()) return items;
  for (const auto& [cause, messages] : waiting.get_object())
    if (messages.is_number() && messages.to_number<double>() > 0)
      items.push_back(printable(std::string(cause)) + " " + figure(messages.to_number<double>()));
  return items;
}

Items rateItems(const Reading& now, const Reading& earlier) {
  Items items;
  for (const Counter& counter : counters())
    if (const auto rate = now.rate(earlier, counter.name))
      items.push_back(std::string(counter.title) + " " + figure(*rate));
  return items.empty() ? Items{"-"} : items;
}

Items texts(const json::array& values) {
  Items items;
  for (const json::value& value : values)
    if (value.is_string()) items.push_back(printable(std::string(value.get_string())));
  return items;
}

/// Those that are ready, or those that are not.
Items pluginItems(const json::value& status, bool ready) {
  Items items;
  for (const json::value& each : list(status, "plugins")) {
    if ((textIn(each, "state") == "ready") != ready) continue;
    std::string text = cell(each, "plugin");
    if (!ready) text += " " + cell(each, "state");
    if (member(each, "reason") != nullptr) text += ": " + cell(each, "reason");
    items.push_back(std::move(text));
  }
  return items;
}

/// The lines of the screen as they grow.
class Lines {
public:
  explicit Lines(std::size_t columns) : columns_(columns) {}

  void add(std::string title, const Items& items) {
    if (!title.empty()) title.resize(std::max(kTitleWidth, title.size() + 1), ' ');
    for (std::string& line : wrapped(title, items, columns_)) lines_.push_back(std::move(line));
  }
  /// Nothing when there are no items.
  void addIfAny(const char* title, const Items& items) {
    if (!items.empty()) add(title, items);
  }
  std::vector<std::string> take() { return std::move(lines_); }

private:
  const std::size_t columns_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> screenOf(const Reading& now, const Reading* earlier, std::size_t columns) {
  const json::value& status = now.status();
  const json::value& listeners = part(status, "listeners");
  const json::value& policy = part(status, "policy");
  Lines lines(columns);
  lines.add("", heading(status));
  lines.addIfAny("STALLED", texts(list(status, "stalled")));
  for (const std::string& plugin : pluginItems(status, false)) lines.add("NOT READY", {plugin});
  lines.add("queue", queueItems(part(status, "queue")));
  if (earlier != nullptr) lines.add("a second", rateItems(now, *earlier));
  lines.add("sending", sendingItems(status));
  lines.addIfAny("waiting", waitingItems(part(status, "waiting")));
  lines.add("breakers", breakerItems(status));
  lines.add("database", databaseItems(status));
  lines.add("policy", policyItems(policy));
  lines.addIfAny("restart for", texts(list(policy, "needs_restart")));
  lines.add("listens", {cell(listeners, "public"), "admin " + cell(listeners, "admin")});
  lines.addIfAny("ready", pluginItems(status, true));
  return lines.take();
}

}  // namespace penstock::ctl
