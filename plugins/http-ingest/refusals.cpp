#include "http-ingest/refusals.h"

#include <random>

namespace penstock::refusals {

namespace {

/// Seconds until a client should ask again, spread so that the refused do not come back in step.
unsigned soon() {
  constexpr unsigned kLongest = 4;
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_int_distribution<unsigned>(1, kLongest)(random);
}

Problem tryAgain(std::string_view code, std::string detail) { return {503, code, std::move(detail), {}, soon()}; }

}  // namespace

Problem malformedJson(std::string_view why) {
  return {400, "malformed_json", "The body is not JSON: " + std::string(why) + ".", {}, {}};
}

Problem notAnObject() { return {400, "not_an_object", "The body must be a JSON object.", {}, {}}; }

Problem validationFailed(std::vector<Fault> faults) {
  return {400, "validation_failed", "The request breaks the rules listed in errors.", std::move(faults), {}};
}

Problem idempotencyKeyInvalid(std::string sentence) {
  return {400, "idempotency_key_invalid", std::move(sentence), {}, {}};
}

Problem idempotencyKeyReused() {
  return {422,
          "idempotency_key_reused",
          "This idempotency key was used with other content; use a new key for a new message.",
          {},
          {}};
}

Problem notGenuine() { return {403, "not_genuine", "The request is not signed by the provider.", {}, {}}; }

Problem notUnderstood(unsigned status) {
  return {status, "not_understood", "The provider's script makes no sense of the request.", {}, {}};
}

Problem policyFailed() { return tryAgain("policy_failed", "A policy script failed; nothing was enqueued."); }

Problem queueFull() { return tryAgain("queue_full", "The queue is full; nothing was enqueued."); }

Problem queueUnavailable() {
  return tryAgain("queue_unavailable",
                  "The queue is away. Send the same request again; if it was kept after all, the answer has its id.");
}

Problem stopping() { return tryAgain("stopping", "The service is stopping."); }

Problem storeUnavailable() { return tryAgain("store_unavailable", "The store is away."); }

Problem storeBusy() { return tryAgain("store_busy", "Too many reading calls are waiting."); }

Problem readFailed() { return {500, "internal_error", "The call failed.", {}, {}}; }

Problem deadLettersUnavailable() {
  return tryAgain(
      "queue_unavailable",
      "The queue is away, or the answer would take too long: then ask for less, by cause, provider or time. "
      "What was asked for may have been done all the same.");
}

Problem noRoomToReplay() { return tryAgain("queue_full", "The queue is full; nothing was replayed."); }

Problem invalidParameters(std::vector<Fault> faults) {
  return {400, "invalid_parameter", "Parameters listed in errors cannot be read.", std::move(faults), {}};
}

Problem invalidParameter(std::string field, std::string message) {
  std::string detail = "The parameter " + field + " " + message + ".";
  return {400, "invalid_parameter", std::move(detail), {{std::move(field), std::move(message)}}, {}};
}

Problem notFound(std::string sentence) { return {404, "not_found", std::move(sentence), {}, {}}; }

Problem notReady(std::vector<Fault> missing) {
  std::string detail = missing.empty() ? "The service is draining." : "The service cannot accept requests:";
  for (const Fault& fault : missing) detail += " " + fault.field + ": " + fault.message + ";";
  if (!missing.empty()) detail.back() = '.';
  return {503, "not_ready", std::move(detail), std::move(missing), 1};
}

Problem stalled(std::vector<Fault> loops) {
  return {503, "stalled", "Loops of the service do not advance.", std::move(loops), {}};
}

}  // namespace penstock::refusals
