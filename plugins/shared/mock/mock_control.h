#pragma once

#include "shared/mock/mock_settings.h"

#include "penstock/control.h"
#include "penstock/log.h"
#include "penstock/provider_settings.h"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace penstock {

/// Keeps the mock provider of this process at the settings that all processes on one store share: those that somebody
/// has put, else the configured ones. A stored text that cannot be read is logged and changes nothing.
class MockControl {
public:
  /// The name of the value in the control.
  static constexpr std::string_view kName = "provider.mock.config";

  /// Follows what is stored from here on. Does not ask the store itself, which may be away.
  MockControl(Control& control, ProviderSettingsBoard& board, Log log);
  MockControl(const MockControl&) = delete;
  MockControl& operator=(const MockControl&) = delete;

  /// What the mock is told now in this process; nothing when no mock is configured. [any thread] [does not block]
  std::optional<MockSettings> inForce() const;

  /// Puts in force what is stored. [any thread] [blocks] [throws: StoreUnavailable]
  void refresh();

  /// The same unless it is known already whether something is stored. [any thread] [blocks: until it is known]
  /// [throws: StoreUnavailable]
  void ensure();

  /// Stores what the change makes of the present settings and puts it in force; not when that breaks a rule: then
  /// `faults` says which. Only while a mock is configured. [any thread] [blocks] [throws: StoreUnavailable]
  void put(const MockChange& change, std::vector<Fault>& faults);

  /// Follows what is stored no longer. [blocks: while a change is put in force]
  void stop() noexcept { watch_.reset(); }

private:
  void take(const std::string& text);
  void takeStored();

  Control& control_;
  ProviderSettingsBoard& board_;
  const Log log_;
  std::mutex mutex_;     ///< held from asking the store to adjusting, so that an old value never replaces a new one
  bool known_ = false;   // guarded by mutex_
  std::string ignored_;  // guarded by mutex_
  std::unique_ptr<Watch> watch_;  // last: its callback uses the others
};

}  // namespace penstock
