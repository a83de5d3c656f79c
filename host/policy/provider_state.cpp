#include "policy/environment.h"
#include "policy/lua_json.h"
#include "policy/script_state.h"

namespace penstock {
namespace {

/// Sets a setting; texts that are empty are nil to the script.
void setSetting(lua_State* lua, std::string_view name, const boost::json::value& value) {
  if (value.is_string() && value.get_string().empty()) return;
  lua_pushlstring(lua, name.data(), name.size());
  pushJson(lua, value);
  lua_rawset(lua, -3);
}

/// Reads one limit: its name lies below its value, which is on top.
void takeLimit(lua_State* lua, ProviderLimits& limits) {
  const std::string_view name = lua_type(lua, -2) == LUA_TSTRING ? lua_tostring(lua, -2) : "";
  const bool at_once = name == "at_once";
  if (!at_once && name != "per_minute") luaL_error(lua, "limits may have per_minute and at_once, nothing else");
  const lua_Integer most = at_once ? ProviderLimits::kMostAtOnce : ProviderLimits::kMostPerMinute;
  const lua_Integer value = lua_isinteger(lua, -1) != 0 ? lua_tointeger(lua, -1) : -1;
  if (value < 0 || value > most)
    luaL_error(lua, "limits.%s must be a whole number from 0 to %s", at_once ? "at_once" : "per_minute",
               std::to_string(most).c_str());
  (at_once ? limits.at_once : limits.per_minute) = value;
}

}  // namespace

void ScriptState::loadProvider(lua_State* lua, const std::string& name) {
  ProviderScript& provider = providers_[name];
  provider.traits_.name = name;
  provider.functions_.fill(LUA_NOREF);
  current_ = ScriptName::Provider;
  current_provider_ = &provider;
  provider.settings_ = providerSettings(lua, name);
  evaluate(lua, scripts_->providers.find(name)->second);
  if (!lua_istable(lua, -1)) luaL_error(lua, "must return a table, but returned a %s", luaL_typename(lua, -1));
  takeFunctions(lua, provider);
  provider.traits_.takes_key = declares(lua, "takes_key", provider);
  takeLimits(lua, provider);
}

void ScriptState::takeFunctions(lua_State* lua, ProviderScript& provider) {
  for (const ProviderCall call : kProviderCalls) {
    lua_pushstring(lua, std::string(word(call)).c_str());
    lua_rawget(lua, -2);
    if (lua_isfunction(lua, -1)) {
      provider.functions_[static_cast<std::size_t>(call)] = luaL_ref(lua, LUA_REGISTRYINDEX);
      continue;
    }
    if (!lua_isnil(lua, -1)) luaL_error(lua, "%s must be a function", std::string(word(call)).c_str());
    lua_pop(lua, 1);
  }
  if (!provider.has(ProviderCall::Request) || !provider.has(ProviderCall::Outcome))
    luaL_error(lua, "needs request and outcome");
  if (provider.has(ProviderCall::Lookup) != provider.has(ProviderCall::Found))
    luaL_error(lua, "needs both lookup and found, or neither");
  if (provider.has(ProviderCall::Verify) != provider.has(ProviderCall::Inbound))
    luaL_error(lua, "needs both verify and inbound, or neither");
  provider.traits_.looks_up = provider.has(ProviderCall::Lookup);
  provider.traits_.receives = provider.has(ProviderCall::Inbound);
}

/// Pushes what the table on top says under a name, or what a function there answers that is told the settings.
void ScriptState::pushDeclaration(lua_State* lua, const char* name, const ProviderScript& provider) {
  lua_pushstring(lua, name);
  lua_rawget(lua, -2);
  if (!lua_isfunction(lua, -1)) return;
  lua_rawgeti(lua, LUA_REGISTRYINDEX, provider.settings_);
  finish(lua, 1);
}

/// Reads a declaration of the table on top: true, false or nil.
bool ScriptState::declares(lua_State* lua, const char* name, const ProviderScript& provider) {
  pushDeclaration(lua, name, provider);
  if (!lua_isnil(lua, -1) && !lua_isboolean(lua, -1))
    luaL_error(lua, "%s must be true or false, or a function that answers one", name);
  const bool declared = lua_toboolean(lua, -1) != 0;
  lua_pop(lua, 1);
  return declared;
}

/// Reads `limits` of the table on top: a table of whole numbers, or nil.
void ScriptState::takeLimits(lua_State* lua, ProviderScript& provider) {
  pushDeclaration(lua, "limits", provider);
  if (!lua_isnil(lua, -1)) {
    // What a metatable would add, such as the settings as they are, is not read.
    if (!lua_istable(lua, -1) || lua_getmetatable(lua, -1) != 0)
      luaL_error(lua, "limits must be a table of per_minute and at_once, or a function that answers one");
    for (lua_pushnil(lua); lua_next(lua, -2) != 0; lua_pop(lua, 1)) takeLimit(lua, provider.traits_.limits);
  }
  lua_pop(lua, 1);
}

int ScriptState::providerSettings(lua_State* lua, const std::string& name) {
  const auto told = scripts_->told(name);
  lua_newtable(lua);
  for (const auto& [key, value] : *told) setSetting(lua, {key.data(), key.size()}, value);
  for (const auto& [key, secret] : scripts_->settings.providers.find(name)->second.secrets) {
    if (secret.empty()) continue;
    lua_pushlstring(lua, secret.reveal().data(), secret.reveal().size());
    lua_setfield(lua, -2, key.c_str());
  }
  makeReadOnly(lua);
  return luaL_ref(lua, LUA_REGISTRYINDEX);
}

}  // namespace penstock
