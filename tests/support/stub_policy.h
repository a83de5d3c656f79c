#pragma once

#include "penstock/policy.h"

#include <functional>
#include <utility>

namespace penstock::test {

/// A policy whose answers the test sets; by default admission fails, nothing is retried and redaction drops the text.
/// Set the members before threads call it.
class StubPolicy final : public Policy {
public:
  std::function<Admission(const Draft&)> on_admit = [](const Draft&) { return Admission{}; };
  std::function<std::optional<Duration>(const RetryQuestion&)> on_retry = [](const RetryQuestion&) {
    return std::optional<Duration>{};
  };
  std::function<Routing(const Event&)> on_route = [](const Event&) { return Routing{}; };
  Digest128 current_hash{};

  Admission admit(const Draft& draft) override { return on_admit(draft); }
  std::optional<Duration> retry(const RetryQuestion& question) override { return on_retry(question); }
  Routing route(const Event& event) override { return on_route(event); }
  std::string redact(std::string_view) override { return {}; }
  Digest128 hash() const override { return current_hash; }
};

}  // namespace penstock::test
