// penstock-conformance: the cases of this folder for engines of other trees.
#include "app/installation.h"
#include "conformance/queue/engine.h"
#include "conformance/queue/promise.h"
#include "conformance/queue/promise_listener.h"
#include "conformance/queue/reset.h"
#include "support/plugin_fixture.h"

#include "penstock/dead_letters.h"

#include <Poco/Exception.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::test {

std::unique_ptr<EngineAdapter> adapterFor(std::string_view) { return std::make_unique<ResetAdapter>(); }

namespace {

enum Exit { kHold = 0, kBroken = 1, kUsage = 64, kNoFile = 66, kUnavailable = 69 };

constexpr std::string_view kHelp =
    "usage: penstock-conformance [options] <plugin.so> [key=value ...]\n"
    "Tries whether an engine keeps the promises of penstock.queue/1 and penstock.dead-letters/1, and says of each\n"
    "whether it holds. key=value are rows of the engine's section. Whatever the engine holds may be deleted.\n"
    "\n"
    "Options:\n"
    "  --only PATTERN       only promises whose words contain PATTERN, or match it if it has * ? or [\n"
    "  --list               show the promises and try none\n"
    "  --reset COMMAND      run by /bin/sh before each case: empties what the engine keeps on a server\n"
    "  --migrations FOLDER  where the engine finds its schema\n"
    "  -h, --help           show this help\n"
    "  --version            show the version and the fingerprint of the SDK\n"
    "\n"
    "Exit status:\n"
    "  0   all promises hold\n"
    "  1   a promise is broken\n"
    "  64  the command line is wrong\n"
    "  66  there is no such file\n"
    "  69  the file is no engine of this SDK, or it does not start, or COMMAND failed\n";

struct Request {
  bool help = false;
  bool version = false;
  bool list = false;
  std::string only;
};

struct WrongUse : std::runtime_error {
  using std::runtime_error::runtime_error;
};

Request readArguments(const std::vector<std::string>& arguments) {
  Request request;
  EngineChoice& choice = engineChoice();
  choice.migrations = Installation::find().migrations.string();
  for (auto next = arguments.begin(); next != arguments.end(); ++next) {
    const auto value = [&] {
      const std::string& option = *next;
      if (++next == arguments.end()) throw WrongUse(option + " needs a value");
      return *next;
    };
    if (*next == "-h" || *next == "--help") {
      request.help = true;
    } else if (*next == "--version") {
      request.version = true;
    } else if (*next == "--list") {
      request.list = true;
    } else if (*next == "--only") {
      request.only = value();
    } else if (*next == "--reset") {
      resetCommand() = value();
      if (resetCommand().empty()) throw WrongUse("--reset needs a command");
    } else if (*next == "--migrations") {
      choice.migrations = value();
    } else if (next->starts_with("-")) {
      throw WrongUse("no option is called " + *next);
    } else if (choice.file.empty()) {
      choice.file = *next;
    } else if (const auto equals = next->find('='); equals != std::string::npos) {
      choice.settings[next->substr(0, equals)] = next->substr(equals + 1);
    } else {
      throw WrongUse(*next + " is no key=value");
    }
  }
  if (choice.file.empty() && !request.help && !request.version && !request.list) throw WrongUse("no plugin is named");
  return request;
}

void list(const std::vector<Promise>& promises) {
  for (const Promise& promise : promises) std::cout << promise.words << '\n';
}

/// [throws: std::runtime_error when the plugin is no engine]
void mustBeAnEngine(const Descriptor& plugin) {
  for (const std::string_view interface : {Queue::kInterface, DeadLetters::kInterface})
    if (std::ranges::find(plugin.provides, interface) == plugin.provides.end())
      throw std::runtime_error(std::string(plugin.name) + " is no engine: it does not give " + std::string(interface));
}

/// Starts the engine once and says what it is. [throws: std::exception when it is none or does not start]
bool introduceEngine() {
  EngineChoice& choice = engineChoice();
  choice.file = std::filesystem::absolute(choice.file).string();  // or it would be looked for among the libraries
  mustBeAnEngine(LoadedPlugin(choice.file).descriptor());
  ResetAdapter().empty();
  PluginFixture engine(choice.file, choice.settings, choice.migrations);
  engine.start();
  (void)engine.get<DeadLetters>();
  const bool durable = engine.get<Queue>().durable();
  std::cout << engine.descriptor().name << ' ' << engine.descriptor().version << " says that it is "
            << (durable ? "durable" : "volatile") << '\n';
  return durable;
}

int tryPromises(const Request& request) {
  if (!std::filesystem::exists(engineChoice().file)) {
    std::cerr << "penstock-conformance: there is no " << engineChoice().file << '\n';
    return kNoFile;
  }
  std::optional<bool> durable;
  try {
    durable = introduceEngine();
  } catch (const Poco::Exception& refusal) {
    std::cerr << "penstock-conformance: " << refusal.displayText() << '\n';
  } catch (const std::exception& refusal) {
    std::cerr << "penstock-conformance: " << refusal.what() << '\n';
  }
  if (!durable) return kUnavailable;
  const auto chosen = promises(request.only, !*durable, *durable);
  if (chosen.empty()) throw WrongUse("no promise of such an engine matches " + request.only);
  ::testing::GTEST_FLAG(filter) = filterFor(chosen);
  auto& listeners = ::testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  listeners.Append(new PromiseListener(std::cout));
  return RUN_ALL_TESTS() == 0 ? kHold : kBroken;
}

int run(const std::vector<std::string>& arguments) {
  const Request request = readArguments(arguments);
  if (request.help) {
    std::cout << kHelp;
    return kHold;
  }
  if (request.version) {
    std::cout << "penstock-conformance " PENSTOCK_VERSION " (SDK " PENSTOCK_FINGERPRINT ")\n";
    return kHold;
  }
  if (!request.list) return tryPromises(request);
  const auto chosen = promises(request.only, true, true);
  if (chosen.empty()) throw WrongUse("no promise matches " + request.only);
  list(chosen);
  return kHold;
}

}  // namespace
}  // namespace penstock::test

int main(int argc, char** argv) {
  int only_the_name = 1;
  ::testing::InitGoogleTest(&only_the_name, argv);
  try {
    return penstock::test::run({argv + 1, argv + argc});
  } catch (const penstock::test::WrongUse& fault) {
    std::cerr << "penstock-conformance: " << fault.what() << "; see --help\n";
    return penstock::test::kUsage;
  }
}
