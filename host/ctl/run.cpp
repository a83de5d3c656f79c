#include "ctl/run.h"

#include "ctl/failure.h"
#include "ctl/tool.h"

#include <iostream>

namespace penstock::ctl {
namespace {

constexpr auto kFooter = R"(Exit status:
   0  done
   1  you said no; nothing was done
  64  the command line is wrong, or the service refuses what it asks for
  66  there is no such dead letter
  69  the service cannot be reached, does not answer in time, or cannot now
  70  an answer that is not understood
Errors go to stderr and say what to do.)";

}  // namespace

int run(int argc, const char* const* argv) {
  Tool tool;
  CLI::App app("Tends a running Penstock over its HTTP API.", "penstockctl");
  app.footer(kFooter);
  app.set_version_flag("--version", "penstockctl " PENSTOCK_VERSION);
  app.add_option("--url", tool.url, "Where the service listens")->envname("PENSTOCK_URL")->capture_default_str();
  app.add_option("--timeout", tool.timeout_milliseconds, "Milliseconds that one call may take")
      ->check(CLI::Range(1, 3'600'000))
      ->capture_default_str();
  app.add_flag("--json", tool.json, "Print the service's answer as JSON, one document a line");
  app.require_subcommand(1);
  app.fallthrough();
  addDeadLetters(app, tool);
  try {
    app.parse(argc, argv);
    return static_cast<int>(Exit::Done);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& fault) {
    std::cerr << "penstockctl: " << fault.what() << "; see penstockctl --help" << std::endl;
    return static_cast<int>(Exit::Usage);
  } catch (const Failure& failure) {
    std::cerr << "penstockctl: " << failure.what() << std::endl;
    return static_cast<int>(failure.exit);
  } catch (const std::exception& failure) {
    std::cerr << "penstockctl: " << failure.what() << std::endl;
    return static_cast<int>(Exit::Unexpected);
  }
}

}  // namespace penstock::ctl
