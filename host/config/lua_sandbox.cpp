#include "config/lua_sandbox.h"

#include "config/fault.h"
#include "config/lua_table.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <lua.hpp>
#include <memory>

namespace penstock {
namespace {

constexpr int kHookInterval = 100;
constexpr int kDeepestInclude = 8;

// No pcall: a fence that a script can catch is none. No rep, find, match, gmatch, gsub, move: the instruction count
// does not advance inside them. https://www.lua.org/manual/5.4/manual.html#lua_sethook
constexpr std::array kBase{"assert", "error", "ipairs", "next", "pairs", "select", "tonumber", "tostring", "type"};
constexpr std::array kString{"byte", "char", "format", "len", "lower", "reverse", "sub", "upper"};
constexpr std::array kTable{"concat", "insert", "pack", "remove", "sort", "unpack"};
constexpr std::array kMath{"abs",        "ceil", "floor",      "fmod",      "huge", "max",
                           "maxinteger", "min",  "mininteger", "tointeger", "type"};

/// Of this thread, so that a busy machine refuses no file.
std::chrono::nanoseconds processorTime() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

class Sandbox {
public:
  Sandbox(Layer& layer, const Environment& environment, const LuaLimits& limits)
      : layer_(layer), environment_(environment), limits_(limits), state_(lua_newstate(&allocate, this), &lua_close) {}

  void run(const std::filesystem::path& file, std::vector<std::string>& faults) {
    if (!state_) throw std::bad_alloc();
    folder_ = file.parent_path();
    file_ = &file;
    faults_ = &faults;
    lua_State* lua = state_.get();
    *static_cast<Sandbox**>(lua_getextraspace(lua)) = this;
    deadline_ = processorTime() + limits_.time;
    lua_sethook(lua, &countInstructions, LUA_MASKCOUNT, kHookInterval);
    // Light C functions need no memory, so nothing here can raise an error outside of the protected call.
    lua_pushcfunction(lua, &runProtected);
    const int status = lua_pcall(lua, 0, 0, 0);
    if (status == LUA_ERRMEM)
      faults.push_back(layer_.name + ": needs more than " + std::to_string(limits_.memory_bytes >> 20U) +
                       " MB of memory");
    else if (status != LUA_OK)
      faults.push_back(lua_type(lua, -1) == LUA_TSTRING ? lua_tostring(lua, -1)
                                                        : layer_.name + ": ended with an error that is not text");
  }

private:
  static Sandbox& of(lua_State* lua) { return **static_cast<Sandbox**>(lua_getextraspace(lua)); }

  static void* allocate(void* self, void* block, std::size_t old_size, std::size_t new_size) {
    auto& sandbox = *static_cast<Sandbox*>(self);
    if (block == nullptr) old_size = 0;  // Lua passes the kind of object there
    if (new_size == 0) {
      std::free(block);
      sandbox.used_ -= old_size;
      return nullptr;
    }
    if (new_size > old_size && sandbox.used_ + (new_size - old_size) > sandbox.limits_.memory_bytes) return nullptr;
    void* grown = std::realloc(block, new_size);
    if (grown != nullptr) sandbox.used_ += new_size - old_size;
    return grown;
  }

  static void countInstructions(lua_State* lua, lua_Debug* /*record*/) {
    Sandbox& sandbox = of(lua);
    sandbox.instructions_ += kHookInterval;
    if (sandbox.instructions_ <= sandbox.limits_.instructions && processorTime() < sandbox.deadline_) return;
    luaL_where(lua, 0);
    lua_pushliteral(lua, "runs too long; a configuration must come to an end");
    lua_concat(lua, 2);
    lua_error(lua);
  }

  static int runProtected(lua_State* lua) {
    Sandbox& sandbox = of(lua);
    openLibraries(lua);
    sandbox.loadFile(lua, *sandbox.file_, sandbox.layer_.name);
    lua_call(lua, 0, 1);
    if (lua_type(lua, -1) != LUA_TTABLE)
      return luaL_error(lua, "%s: must return one table of keys, but returns %s", sandbox.layer_.name.c_str(),
                        lua_type(lua, -1) == LUA_TNIL ? "nothing" : luaL_typename(lua, -1));
    readTable(lua, sandbox.layer_, *sandbox.faults_);
    return 0;
  }

  template <std::size_t Count>
  static void pushAllowed(lua_State* lua, const char* module, lua_CFunction open,
                          const std::array<const char*, Count>& names) {
    luaL_requiref(lua, module, open, 0);
    lua_createtable(lua, 0, static_cast<int>(Count) + 8);
    for (const char* name : names) {
      lua_getfield(lua, -2, name);
      lua_setfield(lua, -2, name);
    }
    lua_remove(lua, -2);
  }

  static void openLibraries(lua_State* lua) {
    pushAllowed(lua, LUA_GNAME, &luaopen_base, kBase);
    pushAllowed(lua, LUA_STRLIBNAME, &luaopen_string, kString);
    lua_pushliteral(lua, "");
    lua_getmetatable(lua, -1);  // ("x"):rep() must not reach what string.rep cannot
    lua_pushvalue(lua, -3);
    lua_setfield(lua, -2, "__index");
    lua_pop(lua, 2);
    lua_setfield(lua, -2, LUA_STRLIBNAME);
    pushAllowed(lua, LUA_TABLIBNAME, &luaopen_table, kTable);
    lua_setfield(lua, -2, LUA_TABLIBNAME);
    pushAllowed(lua, LUA_MATHLIBNAME, &luaopen_math, kMath);
    lua_setfield(lua, -2, LUA_MATHLIBNAME);
    pushEnvironment(lua);
    lua_setfield(lua, -2, "env");
    lua_pushcfunction(lua, &include);
    lua_setfield(lua, -2, "include");
    lua_createtable(lua, 0, 2);
    setGuard(lua, "__index", &unknownGlobal);
    lua_setmetatable(lua, -2);
    lua_rawseti(lua, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  }

  static void setGuard(lua_State* lua, const char* event, lua_CFunction function) {
    lua_pushcfunction(lua, function);
    lua_setfield(lua, -2, event);
    lua_pushboolean(lua, 0);
    lua_setfield(lua, -2, "__metatable");
  }

  static void pushEnvironment(lua_State* lua) {
    lua_createtable(lua, 0, 0);
    lua_createtable(lua, 0, 4);
    setGuard(lua, "__index", &readEnvironment);
    setGuard(lua, "__call", &readEnvironment);
    setGuard(lua, "__newindex", &refuseWrite);
    lua_setmetatable(lua, -2);
  }

  static int refuseWrite(lua_State* lua) { return luaL_error(lua, "env cannot be written"); }

  static int unknownGlobal(lua_State* lua) {
    const char* name = lua_type(lua, 2) == LUA_TSTRING ? lua_tostring(lua, 2) : "?";
    return luaL_error(lua, "unknown name '%s'", name);
  }

  static int readEnvironment(lua_State* lua) {
    if (lua_type(lua, 2) != LUA_TSTRING) return luaL_error(lua, "env takes the name of an environment variable");
    Sandbox& sandbox = of(lua);
    const std::string name = lua_tostring(lua, 2);
    const auto value = sandbox.environment_ ? sandbox.environment_(name) : std::nullopt;
    if (!value || value->empty()) return 0;
    sandbox.layer_.environment.insert_or_assign(name, *value);
    lua_pushlstring(lua, value->data(), value->size());
    return 1;
  }

  static int include(lua_State* lua) {
    Sandbox& sandbox = of(lua);
    const std::string name = luaL_checkstring(lua, 1);
    if (name.empty() || name.starts_with('.') || name.find('/') != std::string::npos)
      return luaL_error(lua, "include takes the name of a file of the same folder, such as \"penstock.lua\"");
    if (++sandbox.including_ > kDeepestInclude) return luaL_error(lua, "files include each other without an end");
    sandbox.loadFile(lua, sandbox.folder_ / name, name);
    lua_call(lua, 0, 1);
    --sandbox.including_;
    return 1;
  }

  void loadFile(lua_State* lua, const std::filesystem::path& file, const std::string& name) const {
    std::string text;
    std::string fault = readFile(file, text);
    if (!fault.empty()) luaL_error(lua, "%s", fault.c_str());
    const std::string chunk = "@" + name;
    if (luaL_loadbufferx(lua, text.data(), text.size(), chunk.c_str(), "t") != LUA_OK) {
      if (text.starts_with(LUA_SIGNATURE)) luaL_error(lua, "%s: is compiled Lua; only text is read", name.c_str());
      const std::string message = lua_tostring(lua, -1);
      luaL_error(lua, "%s%s", message.starts_with(name) ? "" : (name + ": ").c_str(), message.c_str());
    }
  }

  std::string readFile(const std::filesystem::path& file, std::string& text) const {
    std::error_code error;
    const auto status = std::filesystem::status(file, error);
    if (error) return "cannot read " + file.string() + ": " + error.message();
    if (!std::filesystem::is_regular_file(status)) return "cannot read " + file.string() + ": it is not a file";
    std::ifstream stream(file, std::ios::binary);
    if (!stream) return "cannot read " + file.string() + ": " + std::strerror(errno);
    text.resize(limits_.file_bytes + 1);
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream.bad()) return "cannot read " + file.string() + ": " + std::strerror(errno);
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (text.size() > limits_.file_bytes) return "cannot read " + file.string() + ": it is larger than 1 MB";
    return {};
  }

  Layer& layer_;
  const Environment& environment_;
  const LuaLimits limits_;
  std::size_t used_ = 0;
  std::uint64_t instructions_ = 0;
  int including_ = 0;
  std::chrono::nanoseconds deadline_{};
  std::filesystem::path folder_;
  const std::filesystem::path* file_ = nullptr;
  std::vector<std::string>* faults_ = nullptr;
  std::unique_ptr<lua_State, decltype(&lua_close)> state_;
};

}  // namespace

Layer evaluateLua(const std::filesystem::path& file, const std::string& name, const Environment& environment,
                  const LuaLimits& limits) {
  Layer layer;
  layer.name = name;
  std::vector<std::string> faults;
  Sandbox(layer, environment, limits).run(file, faults);
  if (!faults.empty()) throw ConfigurationFaults(std::move(faults));
  return layer;
}

}  // namespace penstock
