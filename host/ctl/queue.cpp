#include "ctl/failure.h"
#include "ctl/members.h"
#include "ctl/output.h"
#include "ctl/reading.h"
#include "ctl/tool.h"

#include <boost/json/serialize.hpp>

#include <iostream>

// penstockctl queue stats: what waits in the queue.

namespace penstock::ctl {
namespace {

namespace json = boost::json;

void printTable(const json::value& queue) {
  const auto count = [&](const char* name) {
    const auto number = numberIn(queue, name);
    return number ? figure(*number) : std::string("-");
  };
  const auto age = numberIn(queue, "oldest_ready_age_seconds");
  const auto held = numberIn(queue, "bytes");
  Table table({"ENGINE", "READY", "LEASED", "SCHEDULED", "DEAD", "BYTES", "OLDEST READY"});
  table.add({cell(queue, "engine"), count("ready"), count("leased"), count("scheduled"), count("dead"),
             held && *held > 0 ? bytes(*held) : "-", age ? span(*age) : "-"});
  table.print(std::cout);
}

void stats(const Tool& tool) {
  Client client = tool.admin();
  const Reading now = Reading::take(client);
  const json::value* queue = member(now.status(), "queue");
  if (queue == nullptr) throw Failure(Exit::NotFound, "the service has no queue");
  if (tool.json)
    std::cout << json::serialize(*queue) << '\n';
  else
    printTable(*queue);
  const json::value* up = member(*queue, "up");
  if (up != nullptr && up->is_bool() && !up->get_bool())
    throw Failure(Exit::Unavailable, "the engine does not answer; these are the last counts that are known");
}

}  // namespace

void addQueue(CLI::App& app, const Tool& tool) {
  CLI::App& group = *app.add_subcommand("queue", "The queue");
  group.require_subcommand(1);
  group.add_subcommand("stats", "What is ready, leased, scheduled and dead, and how long the oldest has waited")
      ->callback([&tool] { stats(tool); });
}

}  // namespace penstock::ctl
