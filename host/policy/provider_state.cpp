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

/// Reads a declaration of the table on top: true, false, nil, or a function that is told the settings.
bool ScriptState::declares(lua_State* lua, const char* name, const ProviderScript& provider) {
  lua_pushstring(lua, name);
  lua_rawget(lua, -2);
  if (lua_isfunction(lua, -1)) {
    lua_rawgeti(lua, LUA_REGISTRYINDEX, provider.settings_);
    finish(lua, 1);
  }
  if (!lua_isnil(lua, -1) && !lua_isboolean(lua, -1))
    luaL_error(lua, "%s must be true or false, or a function that answers one", name);
  const bool declared = lua_toboolean(lua, -1) != 0;
  lua_pop(lua, 1);
  return declared;
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
