#include "ctl/failure.h"
#include "ctl/members.h"
#include "ctl/output.h"
#include "ctl/tool.h"

#include <iostream>

// penstockctl reload: configuration and scripts are read again, and put in force whole or not at all.

namespace penstock::ctl {
namespace {

void tell(const char* what, const boost::json::array& texts) {
  for (const boost::json::value& text : texts)
    if (text.is_string()) std::cout << what << printable(std::string(text.get_string())) << '\n';
}

void reload(const Tool& tool) {
  const Answer answer = tool.admin().post("/admin/reload");
  const boost::json::array& kept_old = arrayOf(answer.body, "kept_old");
  if (tool.json) {
    std::cout << answer.text << '\n';
  } else {
    std::cout << "reloaded; the policy in force is " << cell(answer.body, "policy") << '\n';
    tell("changed: ", arrayOf(answer.body, "changed"));
    tell("takes effect after a restart: ", arrayOf(answer.body, "needs_restart"));
  }
  if (kept_old.empty()) return;
  std::string sentences = "not everything took its new settings:";
  for (const boost::json::value& sentence : kept_old)
    if (sentence.is_string()) sentences += "\n  " + printable(std::string(sentence.get_string()));
  throw Failure(Exit::Configuration, sentences);
}

}  // namespace

void addReload(CLI::App& app, const Tool& tool) {
  app.add_subcommand("reload", "Read configuration and scripts again; what has faults is refused and the old stays")
      ->callback([&tool] { reload(tool); });
}

}  // namespace penstock::ctl
