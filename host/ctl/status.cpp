#include "ctl/interrupt.h"
#include "ctl/reading.h"
#include "ctl/screen.h"
#include "ctl/tool.h"
#include "ctl/window.h"

#include <boost/json/serialize.hpp>

#include <iostream>
#include <memory>

// penstockctl status: one screen of the service.

namespace penstock::ctl {
namespace {

namespace json = boost::json;

void status(const Tool& tool, std::uint32_t interval) {
  Client client = tool.admin();
  std::optional<Reading> earlier;
  if (interval > 0) {
    earlier = Reading::take(client);
    pause(std::chrono::milliseconds(interval));
  }
  const Reading now = Reading::take(client);
  if (tool.json) {
    json::object answer = now.status().as_object();
    answer["rates"] = earlier ? json::value(now.rates(*earlier)) : json::value();
    std::cout << json::serialize(answer) << '\n';
    return;
  }
  for (const std::string& line : screenOf(now, earlier ? &*earlier : nullptr, columnsOfOutput()))
    std::cout << line << '\n';
}

}  // namespace

void addStatus(CLI::App& app, const Tool& tool) {
  CLI::App& command = *app.add_subcommand("status", "One screen: queue, rates, oldest, breakers, database, policy");
  const auto interval = std::make_shared<std::uint32_t>(1000);
  command.add_option("--interval", *interval, "Milliseconds over which rates are taken; 0: none, at once")
      ->check(CLI::Range(0, 60'000))
      ->capture_default_str();
  command.callback([&tool, interval] { status(tool, *interval); });
}

}  // namespace penstock::ctl
