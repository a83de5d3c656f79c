#include "shared/mock/mock_control.h"

namespace penstock {

MockControl::MockControl(Control& control, ProviderSettingsBoard& board, Log log)
    : control_(control),
      board_(board),
      log_(log),
      watch_(control.watch(std::string(kName), [this](const std::string& text) {
        std::lock_guard guard(mutex_);
        take(text);
      })) {}

std::optional<MockSettings> MockControl::inForce() const {
  const auto settings = board_.settings(MockSettings::kProvider);
  return settings ? MockSettings::of(*settings) : std::nullopt;
}

void MockControl::refresh() {
  std::lock_guard guard(mutex_);
  takeStored();
}

void MockControl::ensure() {
  {
    std::lock_guard guard(mutex_);
    if (known_) return;
  }
  // Unlocked: many threads that ask a store which is away must not wait for each other's turn.
  const auto text = control_.get(kName);
  std::lock_guard guard(mutex_);
  if (known_) return;
  known_ = true;
  if (text) take(*text);
}

void MockControl::put(const MockChange& change, std::vector<Fault>& faults) {
  std::lock_guard guard(mutex_);
  takeStored();
  const auto present = inForce();
  if (!present) return;
  const MockSettings settings = change.over(*present, faults);
  if (!faults.empty()) return;
  control_.set(kName, settings.text());
  board_.adjust(MockSettings::kProvider, settings.members());
}

void MockControl::takeStored() {
  if (const auto text = control_.get(kName)) take(*text);
  known_ = true;
}

void MockControl::take(const std::string& text) {
  known_ = true;
  if (const auto settings = MockSettings::read(text)) {
    ignored_.clear();
    return board_.adjust(MockSettings::kProvider, settings->members());
  }
  if (text == ignored_) return;
  ignored_ = text;
  log_.warning("mock.settings_unreadable", "the stored settings of the mock provider cannot be read and are ignored",
               {{"name", kName}});
}

}  // namespace penstock
