#pragma once

#include "penstock/http.h"

#include <string>
#include <string_view>
#include <vector>

namespace penstock::refusals {

/// Every refusal of this plugin, with its code and its sentence. [any thread]
Problem malformedJson(std::string_view why);
Problem notAnObject();
Problem validationFailed(std::vector<Fault> faults);
Problem idempotencyKeyInvalid(std::string sentence);
Problem idempotencyKeyReused();
Problem notGenuine();
Problem notUnderstood(unsigned status);
Problem policyFailed();
Problem queueFull();
Problem queueUnavailable();
Problem stopping();
Problem storeUnavailable();
Problem storeBusy();
Problem readFailed();
Problem deadLettersUnavailable();
Problem noRoomToReplay();
Problem invalidParameters(std::vector<Fault> faults);
Problem invalidParameter(std::string field, std::string message);
Problem notFound(std::string sentence);
Problem notReady(std::vector<Fault> missing);
Problem stalled(std::vector<Fault> loops);

}  // namespace penstock::refusals
