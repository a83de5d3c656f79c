#include "conformance/queue/engine.h"

namespace penstock::test {
namespace {

std::string written(Duration duration) {
  return std::to_string(std::chrono::floor<std::chrono::milliseconds>(duration).count()) + "ms";
}

}  // namespace

Overrides EngineAdapter::settings(const Wishes& wishes) const {
  Overrides rows;
  if (wishes.max_events) rows["max_events"] = std::to_string(*wishes.max_events);
  if (wishes.max_bytes) rows["max_bytes"] = std::to_string(*wishes.max_bytes);
  if (wishes.full_wait) rows["full"] = "wait";
  if (wishes.full_wait) rows["full_wait"] = written(*wishes.full_wait);
  if (wishes.key_window) rows["key_window"] = written(*wishes.key_window);
  if (wishes.dead_letter_retention) rows["dead_letter_retention"] = written(*wishes.dead_letter_retention);
  return rows;
}

EngineChoice& engineChoice() {
  static EngineChoice choice;
  return choice;
}

}  // namespace penstock::test
