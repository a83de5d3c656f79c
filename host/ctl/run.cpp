#include "ctl/run.h"

#include "ctl/failure.h"
#include "ctl/tool.h"

#include <iostream>

namespace penstock::ctl {
namespace {

constexpr auto kFooter = R"(Exit status:
   0  done
   1  you said no; nothing was done
   2  the message that was waited for has failed, was given up, or may have been sent
  64  the command line is wrong, or the service refuses what it asks for
  66  there is no such thing
  69  the service cannot be reached, does not answer in time, or cannot now
  70  an answer that is not understood
  75  what was waited for goes on and had not ended in time
  78  the configuration or a script has faults; what was in force stays
 128  and more: a signal ended it, such as 130 for Ctrl-C
Errors go to stderr and say what to do.)";

}  // namespace

int run(int argc, const char* const* argv) {
  Tool tool;
  CLI::App app("Tends a running Penstock: its messages over the HTTP API, the service over its admin socket.",
               "penstockctl");
  app.footer(kFooter);
  app.set_version_flag("--version", "penstockctl " PENSTOCK_VERSION);
  app.add_option("--url", tool.url, "Where the service listens")->envname("PENSTOCK_URL")->capture_default_str();
  app.add_option("--socket", tool.socket,
                 "Admin socket, or url; default: the first of /run/penstock, $DATA_DIR, ./var, /var/lib/penstock")
      ->envname("PENSTOCK_SOCKET");
  app.add_option("--timeout", tool.timeout_milliseconds, "Milliseconds that one call may take")
      ->check(CLI::Range(1, 3'600'000))
      ->capture_default_str();
  app.add_flag("--json", tool.json, "Print JSON, one document a line");
  app.require_subcommand(1);
  app.fallthrough();
  addStatus(app, tool);
  addTop(app, tool);
  addSend(app, tool);
  addQueue(app, tool);
  addDeadLetters(app, tool);
  addReload(app, tool);
  addDrain(app, tool);
  addConfig(app, tool);
  addBench(app, tool);
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
