#include "conformance/queue/engine.h"
#include "conformance/queue/engines_of_the_tree.h"
#include "support/loaded_plugin.h"

#include <gtest/gtest.h>

#include <iostream>
#include <string_view>

using namespace penstock::test;

namespace {

constexpr std::string_view kUsage =
    "usage: conformance_queue <plugin.so> [key=value ...] [--gtest_filter=...]\n"
    "Proves that the engine keeps the promises of penstock.queue/1 and penstock.dead-letters/1. key=value are rows of\n"
    "the engine's section, such as where its server is; what the server held before is deleted.\n";

bool readArguments(int count, char** arguments) {
  if (count < 2) return false;
  EngineChoice& choice = engineChoice();
  choice.file = arguments[1];
  choice.migrations = PENSTOCK_MIGRATIONS;
  for (int i = 2; i < count; ++i) {
    const std::string_view argument = arguments[i];
    const auto equals = argument.find('=');
    if (equals == std::string_view::npos || argument.starts_with("-")) return false;
    choice.settings[std::string(argument.substr(0, equals))] = argument.substr(equals + 1);
  }
  return true;
}

/// A volatile engine promises nothing about restarts but that it starts empty; a durable one promises the opposite.
void leaveOutTheOtherKind() {
  const bool durable = mustBeDurable(LoadedPlugin(engineChoice().file).descriptor().name);
  std::string filter = ::testing::GTEST_FLAG(filter);
  filter += filter.find('-') == std::string::npos ? "-" : ":";
  ::testing::GTEST_FLAG(filter) = filter + (durable ? "QueueVolatility.*" : "QueueDurability.*");
}

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (::testing::GTEST_FLAG(list_tests)) return RUN_ALL_TESTS();
  if (!readArguments(argc, argv)) {
    std::cerr << kUsage;
    return 64;
  }
  try {
    leaveOutTheOtherKind();
  } catch (const std::exception& refusal) {
    std::cerr << refusal.what() << '\n';
    return 69;
  }
  return RUN_ALL_TESTS();
}
