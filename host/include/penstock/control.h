#pragma once

#include "penstock/store.h"
#include "penstock/unique_function.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

/// A watch on a value; ends when destroyed. Destroying waits for a running callback, except from within it.
class Watch {
public:
  virtual ~Watch() = default;
};

/// penstock.control/1: small durable values shared by all processes on one store, given by every store.
class Control {
public:
  static constexpr std::string_view kInterface = "penstock.control/1";
  virtual ~Control() = default;

  /// [any thread] [blocks] [throws: StoreUnavailable]
  virtual std::optional<std::string> get(std::string_view name) = 0;

  /// Durable when it returns. Names: 1 to 128 characters; values: up to 64 KiB.
  /// [any thread] [blocks] [throws: StoreUnavailable, StoreRejected]
  virtual void set(std::string_view name, std::string_view value) = 0;

  /// Calls `changed` with the present value, if there is one, and again after every change, at the latest 2 s after it
  /// was set in any process; values in between may be left out. Callbacks come one at a time, on a thread of the store.
  /// [any thread]
  virtual std::unique_ptr<Watch> watch(std::string name, UniqueFunction<void(const std::string&)> changed) = 0;

  /// Leases up to `tokens` from a token bucket shared by all processes, full at first, that fills with `rate`
  /// tokens a second up to one second's worth or `tokens`, whichever is more. Returns how many were taken: 0 to
  /// `tokens`. [any thread] [blocks] [throws: StoreUnavailable]
  virtual double take(std::string_view bucket, double tokens, double rate) = 0;
};

}  // namespace penstock
