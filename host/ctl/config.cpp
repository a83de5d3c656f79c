#include "ctl/failure.h"
#include "ctl/output.h"
#include "ctl/process.h"
#include "ctl/tool.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <iostream>
#include <memory>
#include <sstream>

// penstockctl config: the daemon beside this program is asked, because it alone knows the plugins and their rows. What
// it says holds for this machine's files and this shell's environment; the service may run with another one.

namespace penstock::ctl {
namespace {

namespace json = boost::json;

struct Order {
  std::string file;
  std::vector<std::string> definitions;
};

Said ask(const std::vector<std::string>& question, const Order& order) {
  std::vector<std::string> command{daemonPath()};
  command.insert(command.end(), question.begin(), question.end());
  if (!order.file.empty()) command.push_back("--config=" + order.file);
  for (const std::string& definition : order.definitions) command.insert(command.end(), {"-D", definition});
  return runToEnd(command);
}

std::vector<std::string> linesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    if (!line.empty()) lines.push_back(printable(line));
  return lines;
}

[[noreturn]] void refuse(const Said& said) {
  std::string sentences = said.status == static_cast<int>(Exit::Configuration)
                              ? "the configuration has faults:"
                              : "penstockd ended with " + std::to_string(said.status) + ":";
  for (const std::string& line : linesOf(said.err)) sentences += "\n  " + line;
  throw Failure(static_cast<Exit>(said.status), sentences);
}

void check(const Tool& tool, const Order& order) {
  const Said said = ask({"--check-config"}, order);
  if (tool.json) {
    json::array faults;
    if (said.status != 0)
      for (const std::string& line : linesOf(said.err)) faults.emplace_back(line);
    std::cout << json::serialize(json::object{{"good", said.status == 0}, {"faults", faults}}) << '\n';
  }
  if (said.status != 0) refuse(said);
  if (!tool.json) std::cout << said.out;
}

void print(const std::string& question, const Tool& tool, const Order& order) {
  const Said said = ask(tool.json ? std::vector<std::string>{question, "--json"} : std::vector{question}, order);
  if (said.status != 0) refuse(said);
  for (const std::string& line : linesOf(said.err)) std::cerr << line << '\n';
  std::cout << said.out;
}

void show(const Tool& tool, const Order& order) { print("--show-config", tool, order); }
void reference(const Tool& tool, const Order& order) { print("--config-reference", tool, order); }

}  // namespace

void addConfig(CLI::App& app, const Tool& tool) {
  CLI::App& group = *app.add_subcommand(
      "config", "Configuration as the penstockd beside this program reads it, in this shell's environment");
  group.require_subcommand(1);
  const auto add = [&](const char* name, const char* help, void (*work)(const Tool&, const Order&)) {
    CLI::App& command = *group.add_subcommand(name, help);
    const auto order = std::make_shared<Order>();
    command.add_option("-c,--config", order->file, "Configuration file instead of the installed one");
    command.add_option("-D,--define", order->definitions, "A value above the file, such as -D worker.lease=45s")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false)
        ->take_all();
    command.callback([&tool, order, work] { work(tool, *order); });
  };
  add("check", "Check configuration, plugins and scripts; every fault at once", &check);
  add("show", "Print the values in force, secrets as ***", &show);
  add("reference", "Print every key with its type, default and bounds; for everybody", &reference);
}

}  // namespace penstock::ctl
