#include "worker/fault_point.h"

#ifdef PENSTOCK_FAULT_POINTS

#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace penstock {

namespace {

constexpr std::array<std::string_view, 7> kSteps{"received", "persisted", "beginning", "begun",
                                                 "answered", "recorded",  "settled"};

struct Plan {
  std::string_view step;
  int signal = 0;
  int times = 1;
};

[[noreturn]] void refuse(std::string_view text) {
  std::fprintf(stderr, "PENSTOCK_FAULT_POINT=\"%.*s\" cannot be read\n", static_cast<int>(text.size()), text.data());
  std::abort();
}

std::string_view cut(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find(':'));
  rest.remove_prefix(word.size() == rest.size() ? word.size() : word.size() + 1);
  return word;
}

Plan read(std::string_view text) {
  std::string_view rest = text;
  Plan plan;
  plan.step = cut(rest);
  bool known = false;
  for (const std::string_view step : kSteps) known = known || step == plan.step;
  const std::string_view what = cut(rest);
  if (what == "kill") plan.signal = SIGKILL;
  if (what == "stop") plan.signal = SIGSTOP;
  if (!rest.empty()) {
    const auto [end, fault] = std::from_chars(rest.data(), rest.data() + rest.size(), plan.times);
    if (fault != std::errc() || end != rest.data() + rest.size()) refuse(text);
  }
  if (!known || plan.signal == 0 || plan.times < 1) refuse(text);
  return plan;
}

Plan readEnvironment() {
  const char* text = std::getenv("PENSTOCK_FAULT_POINT");
  return text == nullptr ? Plan{} : read(text);
}

}  // namespace

void faultPoint(std::string_view step) noexcept {
  static const Plan plan = readEnvironment();
  static std::atomic<int> reached{0};
  // raise() and not kill(): this very thread must not take another step.
  if (plan.signal != 0 && plan.step == step && ++reached == plan.times) static_cast<void>(std::raise(plan.signal));
}

}  // namespace penstock

#endif
