#pragma once

#include "config/typed_value.h"
#include "penstock/json.h"

namespace penstock {

/// Whole numbers and booleans as such, a list as an array, everything else as a person would type it; a secret as
/// "***".
void writeValue(JsonWriter& json, const TypedValue& value);

}  // namespace penstock
