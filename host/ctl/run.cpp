#include "ctl/run.h"

#include "ctl/command_line.h"
#include "ctl/failure.h"
#include "ctl/standard_output.h"
#include "ctl/tool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
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
  74  standard output cannot be written; what was asked for may be done
  75  what was waited for goes on and had not ended in time
  78  the configuration or a script has faults; what was in force stays
 128  and more: a signal ended it, such as 130 for Ctrl-C
Errors go to stderr and say what to do.)";

/// A standard stream that was closed would be the next socket or file, and what is printed would go there.
void occupyStandardStreams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
    // Standard output so that writing to it fails.
    (void)::open("/dev/null", stream == STDOUT_FILENO ? O_RDONLY : O_RDWR);
  }
}

/// The status of a command that is done, once all that it has said is written.
int written(StandardOutput& output) {
  const int fault = output.finish();
  if (fault == 0) return static_cast<int>(Exit::Done);
  std::cerr << "penstockctl: standard output cannot be written: " << std::strerror(fault)
            << "; what was asked for may be done all the same" << std::endl;
  return static_cast<int>(Exit::Output);
}

}  // namespace

int run(int argc, const char* const* argv) {
  occupyStandardStreams();
  StandardOutput output;
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
    return written(output);
  } catch (const CLI::Success& help) {
    app.exit(help);
    return written(output);
  } catch (const CLI::ParseError& fault) {
    std::cerr << "penstockctl: " << whatIsWrong(app, fault) << std::endl;
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
