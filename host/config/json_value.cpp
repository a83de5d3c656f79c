#include "config/json_value.h"

namespace penstock {

void writeValue(JsonWriter& json, const TypedValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    json.value(*number);
  } else if (const auto* truth = std::get_if<bool>(&value)) {
    json.value(*truth);
  } else if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    json.beginArray();
    for (const std::string& item : *list) json.value(item);
    json.endArray();
  } else {
    json.value(plainText(value));
  }
}

}  // namespace penstock
