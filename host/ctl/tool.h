#pragma once

#include "ctl/client.h"

#include <CLI/CLI.hpp>

#include <chrono>
#include <string>

namespace penstock::ctl {

/// What the command line says to all sub-commands.
struct Tool {
  std::string url = "http://127.0.0.1:8080";
  std::string socket;  ///< of the admin listener; empty: the first of the usual places
  std::uint32_t timeout_milliseconds = 30'000;
  bool json = false;

  std::chrono::milliseconds timeout() const { return std::chrono::milliseconds(timeout_milliseconds); }
  /// [throws: Failure]
  Client client() const { return Client(url, timeout()); }
  /// [throws: Failure]
  Client admin() const { return Client::admin(adminPlace(), timeout()); }
  /// Where the admin listener is: what the command line says, or the first socket in the usual places.
  /// [throws: Failure]
  std::string adminPlace() const;
};

/// Each adds one sub-command, which does its work in its callback and ends by a Failure when it cannot. `tool` outlives
/// the command line and is read once that has been parsed.
void addStatus(CLI::App& app, const Tool& tool);
void addSend(CLI::App& app, const Tool& tool);
void addQueue(CLI::App& app, const Tool& tool);
void addDeadLetters(CLI::App& app, const Tool& tool);
void addReload(CLI::App& app, const Tool& tool);
void addDrain(CLI::App& app, const Tool& tool);
void addConfig(CLI::App& app, const Tool& tool);
void addTop(CLI::App& app, const Tool& tool);
void addBench(CLI::App& app, const Tool& tool);

}  // namespace penstock::ctl
