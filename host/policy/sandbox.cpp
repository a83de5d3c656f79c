#include "policy/sandbox.h"

#include "policy/environment.h"

#include <cstdlib>
#include <new>

namespace penstock {

Sandbox::Sandbox(std::uint64_t memory, Clock& clock)
    : fence_(memory), clock_(clock), lua_(lua_newstate(&Fence::allocate, &fence_)) {
  if (!lua_) throw std::bad_alloc();
  *static_cast<Sandbox**>(lua_getextraspace(lua_.get())) = this;
  if (run(&openEnvironment, nullptr)) throw std::bad_alloc();
  const auto hook = [](lua_State* lua, lua_Debug*) { of(lua).fence().hook(lua); };
  lua_sethook(lua_.get(), hook, LUA_MASKCOUNT, Fence::kInstructionsBetweenLooks);
}

std::optional<ScriptError> Sandbox::run(lua_CFunction body, void* argument) noexcept {
  lua_State* lua = lua_.get();
  error_ = {};
  worded_by_script_ = false;
  lua_settop(lua, 0);
  lua_pushcfunction(lua, &describe);
  lua_pushcfunction(lua, body);
  lua_pushlightuserdata(lua, argument);
  const int status = lua_pcall(lua, 1, 0, 1);
  lua_settop(lua, 0);
  if (status == LUA_OK) return std::nullopt;
  if (fence_.expired())
    error_.reason = FailureReason::Deadline;
  else if (status == LUA_ERRMEM)
    error_.reason = FailureReason::Memory;
  return std::move(error_);
}

void Sandbox::refuseAnswer(lua_State* lua, const char* sentence) {
  error_.reason = FailureReason::BadAnswer;
  luaL_error(lua, "%s", sentence);
  std::abort();
}

void Sandbox::keepLine(std::string_view text) {
  if (lines_.size() < kMostLines) lines_.emplace_back(text.substr(0, kLongestLine));
}

int Sandbox::describe(lua_State* lua) {
  of(lua).describeTop(lua);
  return 1;
}

void Sandbox::describeTop(lua_State* lua) {
  lua_Debug frame;
  for (int level = 0; lua_getstack(lua, level, &frame) != 0; ++level) {
    if (lua_getinfo(lua, "Sl", &frame) == 0 || frame.currentline <= 0) continue;
    error_.position = std::string(frame.short_src) + ":" + std::to_string(frame.currentline);
    break;
  }
  if (worded_by_script_ || lua_type(lua, -1) != LUA_TSTRING) return;
  std::size_t size = 0;
  const char* text = lua_tolstring(lua, -1, &size);
  std::string_view cause(text, size);
  if (!error_.position.empty() && cause.starts_with(error_.position + ": "))
    cause.remove_prefix(error_.position.size() + 2);
  error_.cause = cause.substr(0, kLongestCause);
}

}  // namespace penstock
