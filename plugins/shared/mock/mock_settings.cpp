#include "shared/mock/mock_settings.h"

#include "penstock/json.h"
#include "shared/draft/draft_text.h"

#include <algorithm>
#include <array>

namespace penstock {

namespace {

constexpr std::int64_t kHundred = 100;

/// A setting by its name, here and in a change.
struct Name {
  std::string_view text;
  std::int64_t MockSettings::*setting;
  std::optional<std::int64_t> MockChange::*change;
  bool is_percentage;
};

constexpr std::array kNames{Name{"timeout_pct", &MockSettings::timeout_pct, &MockChange::timeout_pct, true},
                            Name{"error_pct", &MockSettings::error_pct, &MockChange::error_pct, true},
                            Name{"ratelimit_pct", &MockSettings::ratelimit_pct, &MockChange::ratelimit_pct, true},
                            Name{"seed", &MockSettings::seed, &MockChange::seed, false}};

bool fits(const Name& name, const boost::json::value& value) {
  const auto* number = value.if_int64();
  return number != nullptr && (!name.is_percentage || (*number >= 0 && *number <= kHundred));
}

std::int64_t sum(const MockSettings& settings) {
  return settings.timeout_pct + settings.error_pct + settings.ratelimit_pct;
}

}  // namespace

std::optional<MockSettings> MockSettings::of(const boost::json::object& settings) {
  MockSettings found;
  for (const Name& name : kNames) {
    const boost::json::value* value = settings.if_contains(name.text);
    if (value == nullptr || !fits(name, *value)) return std::nullopt;
    found.*name.setting = value->get_int64();
  }
  return found;
}

std::optional<MockSettings> MockSettings::read(std::string_view text) {
  DraftText draft;
  if (draft.read(text)) return std::nullopt;
  auto found = of(draft.members());
  if (found && sum(*found) > kHundred) return std::nullopt;
  return found;
}

std::string MockSettings::text() const {
  std::string json;
  JsonWriter writer(json);
  writer.beginObject();
  for (const Name& name : kNames) writer.member(name.text, this->*name.setting);
  writer.endObject();
  return json;
}

boost::json::object MockSettings::members() const {
  boost::json::object members;
  for (const Name& name : kNames) members.emplace(name.text, this->*name.setting);
  return members;
}

MockChange MockChange::read(const boost::json::object& members, std::vector<Fault>& faults) {
  MockChange change;
  for (const auto& member : members) {
    const std::string_view key(member.key().data(), member.key().size());
    const auto* name = std::ranges::find(kNames, key, &Name::text);
    if (name == kNames.end())
      faults.push_back({std::string(key), "is not known"});
    else if (fits(*name, member.value()))
      change.*name->change = member.value().get_int64();
    else
      faults.push_back({std::string(key), name->is_percentage ? "must be a whole number from 0 to 100"
                                                              : "must be a whole number of 64 bits"});
    if (name != kNames.end() && name->is_percentage && !(change.*name->change)) change.adds_up = false;
  }
  return change;
}

MockSettings MockChange::over(MockSettings settings, std::vector<Fault>& faults) const {
  bool of_percentages = false;
  for (const Name& name : kNames) {
    if (!(this->*name.change)) continue;
    settings.*name.setting = *(this->*name.change);
    of_percentages |= name.is_percentage;
  }
  if (!adds_up || sum(settings) <= kHundred) return settings;
  for (const Name& name : kNames)
    if (name.is_percentage && (!of_percentages || this->*name.change))
      faults.push_back({std::string(name.text), "makes " + std::to_string(sum(settings)) +
                                                    " with the other percentages; together they may be at most 100"});
  return settings;
}

}  // namespace penstock
