#pragma once

#include "support/manual_clock.h"
#include "support/row_config.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace penstock::test {

/// What a case needs the engine to be configured for; absent members leave the engine's default.
struct Wishes {
  std::optional<std::uint64_t> max_events{};
  std::optional<std::uint64_t> max_bytes{};
  std::optional<Duration> full_wait{};  ///< set: publishers wait for room, at most this long
  std::optional<Duration> key_window{};
  std::optional<Duration> dead_letter_retention{};
};

/// What the suite has to know about an engine besides the SDK's interfaces. Engines that keep to the common rows and
/// read time from the clock they are lent need no adapter of their own.
class EngineAdapter {
public:
  virtual ~EngineAdapter() = default;

  /// The wishes as the engine's rows. Fails for a row the engine does not have.
  virtual Overrides settings(const Wishes& wishes) const;

  /// Moves the engine's time on. An engine whose time is a server's moves that as well.
  virtual void advance(ManualClock& clock, Duration step) { clock.advance(step); }

  /// Called before an engine starts that is to be empty, once before each case at least: leaves it so.
  virtual void empty() {}
};

/// The adapter for the plugin of this name, given by the program that runs the cases.
std::unique_ptr<EngineAdapter> adapterFor(std::string_view plugin);

/// What the command line said.
struct EngineChoice {
  std::string file;        ///< the plugin's .so
  Overrides settings;      ///< key=value of the plugin's section, for every case
  std::string migrations;  ///< Context::migrations_directory
};
EngineChoice& engineChoice();

}  // namespace penstock::test
