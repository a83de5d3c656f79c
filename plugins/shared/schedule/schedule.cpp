#include "shared/schedule/schedule.h"

#include "penstock/json.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <system_error>
#include <utility>

namespace penstock::schedule {
namespace {

std::optional<boost::json::object> readObject(std::string_view text) {
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::optional<bool> truth(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_bool()) return std::nullopt;
  return value->get_bool();
}

std::optional<std::uint64_t> number(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return std::nullopt;
  boost::system::error_code error;
  const auto found = value->to_number<std::uint64_t>(error);
  if (error) return std::nullopt;
  return found;
}

}  // namespace

State started(State state) {
  if (!state.running) state.starts = (state.starts + 1) % kStarts;
  state.running = true;
  return state;
}

State stopped(State state) {
  state.running = false;
  return state;
}

std::string toText(const State& state) {
  std::string text;
  JsonWriter json(text);
  json.beginObject().member("running", state.running).member("starts", state.starts).endObject();
  return text;
}

State readState(std::string_view text) {
  State state{.running = false, .starts = 0};
  const auto object = readObject(text);
  if (!object) return state;
  state.running = truth(*object, "running").value_or(false);
  state.starts = static_cast<std::uint32_t>(number(*object, "starts").value_or(0) % kStarts);
  return state;
}

std::string toText(const Settings& settings) {
  std::string text;
  JsonWriter json(text);
  json.beginObject().member("interval", settings.interval).member("batch", settings.batch);
  json.member("autostart", settings.autostart).endObject();
  return text;
}

std::optional<Settings> readSettings(std::string_view text) {
  const auto object = readObject(text);
  if (!object) return std::nullopt;
  const auto* interval = object->if_contains("interval");
  const auto batch = number(*object, "batch");
  const auto autostart = truth(*object, "autostart");
  if (interval == nullptr || !interval->is_string() || !batch || !autostart) return std::nullopt;
  const auto& words = interval->get_string();
  return Settings{std::string(words.data(), words.size()), *batch, *autostart};
}

State assumed(const std::optional<Settings>& settings) {
  return {.running = !settings || settings->autostart, .starts = 0};
}

std::string durationText(Duration duration) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 6> kUnits{
      {{"d", 86'400'000'000}, {"h", 3'600'000'000}, {"m", 60'000'000}, {"s", 1'000'000}, {"ms", 1'000}, {"us", 1}}};
  const std::int64_t microseconds = duration.count();
  if (microseconds == 0) return "0s";
  for (const auto& [unit, factor] : kUnits)
    if (microseconds % factor == 0) return std::to_string(microseconds / factor) + std::string(unit);
  return {};
}

}  // namespace penstock::schedule
