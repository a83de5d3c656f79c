#include "ctl/problem.h"

#include "ctl/members.h"
#include "ctl/output.h"

namespace penstock::ctl {

Problem problemOf(unsigned status, const boost::json::value& body) {
  const auto text = [](const boost::json::value& object, const char* name) { return printable(textIn(object, name)); };
  Problem problem{status, text(body, "code"), text(body, "detail")};
  if (problem.sentence.empty()) problem.sentence = "the service answered " + std::to_string(status);
  const boost::json::value* errors = member(body, "errors");
  if (errors == nullptr || !errors->is_array()) return problem;
  for (const boost::json::value& fault : errors->get_array())
    if (fault.is_object()) problem.sentence += "\n  " + text(fault, "field") + ": " + text(fault, "message");
  return problem;
}

}  // namespace penstock::ctl
