#pragma once

#include "ctl/client.h"

#include <CLI/CLI.hpp>

#include <chrono>
#include <string>

namespace penstock::ctl {

/// What the command line says to all sub-commands.
struct Tool {
  std::string url = "http://127.0.0.1:8080";
  std::uint32_t timeout_milliseconds = 30'000;
  bool json = false;

  /// [throws: Failure]
  Client client() const { return Client(url, std::chrono::milliseconds(timeout_milliseconds)); }
};

/// Each adds one sub-command, which does its work in its callback and ends by a Failure when it cannot. `tool` outlives
/// the command line and is read once that has been parsed.
void addDeadLetters(CLI::App& app, const Tool& tool);

}  // namespace penstock::ctl
