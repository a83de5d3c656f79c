#include "ctl/command_line.h"

#include "config/nearest.h"
#include "ctl/output.h"

#include <algorithm>
#include <vector>

namespace penstock::ctl {
namespace {

std::vector<std::string> commandsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

/// The first word that stands where a sub-command belongs, of all that nobody took.
std::string strayWord(const CLI::App& app) {
  const std::vector<std::string> left = app.remaining(true);
  const auto word = std::ranges::find_if(left, [](const std::string& each) { return !each.starts_with('-'); });
  return word == left.end() ? std::string() : *word;
}

}  // namespace

std::string whatIsWrong(const CLI::App& app, const CLI::ParseError& fault) {
  const CLI::App* reached = &app;
  std::string path = app.get_name();
  while (!reached->get_subcommands().empty()) {
    reached = reached->get_subcommands().front();
    path += " " + reached->get_name();
  }
  std::string sentence = printable(fault.what());
  const std::vector<std::string> commands = commandsOf(*reached);
  if (const std::string word = strayWord(app); !commands.empty() && !word.empty()) {
    sentence = "there is no command '" + printable(word) + "' of " + path;
    if (const auto nearest = nearestKey(word, commands)) sentence += "; did you mean " + *nearest + "?";
  }
  return sentence + (sentence.ends_with('?') ? " See " : "; see ") + path + " --help";
}

}  // namespace penstock::ctl
