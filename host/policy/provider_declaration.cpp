#include "policy/provider_declaration.h"

#include "policy/environment.h"
#include "policy/sandbox.h"
#include "policy/script_set.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace penstock {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMemory = 16 << 20;
constexpr Duration kDeadline = std::chrono::milliseconds(100);
constexpr std::size_t kMostSettings = 100;
constexpr std::size_t kLongestName = 32;

bool isName(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName && text.front() >= 'a' && text.front() <= 'z' &&
         std::ranges::all_of(
             text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; });
}

struct TypeWord {
  std::string_view word;
  ConfigType type;
  bool secret = false;
};

constexpr TypeWord kTypes[] = {
    {"text", ConfigType::Text},       {"integer", ConfigType::Integer},   {"boolean", ConfigType::Boolean},
    {"duration", ConfigType::Period}, {"size", ConfigType::Size},         {"choice", ConfigType::Choice},
    {"list", ConfigType::List},       {"secret", ConfigType::Text, true},
};

/// Reads one script in a state; whatever is wrong is raised.
class DeclarationReader {
public:
  DeclarationReader(lua_State* lua, ProviderDeclaration& declaration) : lua_(lua), declaration_(declaration) {}

  void read(const std::string& script, const std::string& file) {
    Sandbox::of(lua_).fence().start(kDeadline);
    if (luaL_loadbufferx(lua_, script.data(), script.size(), ("@" + file).c_str(), "t") != LUA_OK) lua_error(lua_);
    pushEnvironment(lua_);
    lua_setupvalue(lua_, -2, 1);
    lua_call(lua_, 0, 1);
    Sandbox::of(lua_).fence().pause();
    if (!lua_istable(lua_, -1)) luaL_error(lua_, "must return a table, but returned a %s", luaL_typename(lua_, -1));
    lua_pushliteral(lua_, "settings");
    lua_rawget(lua_, -2);
    if (lua_isnil(lua_, -1)) return;
    if (!lua_istable(lua_, -1)) luaL_error(lua_, "settings must be a table");
    for (lua_pushnil(lua_); lua_next(lua_, -2) != 0; lua_pop(lua_, 1)) setting();
    std::ranges::sort(declaration_.rows, {}, &ConfigRow::key);
  }

private:
  void setting() {
    if (lua_type(lua_, -2) != LUA_TSTRING || !isName(lua_tostring(lua_, -2)))
      luaL_error(lua_, "a setting's name is a-z 0-9 _ - and begins with a letter");
    const std::string name = lua_tostring(lua_, -2);
    if (declaration_.rows.size() == kMostSettings) luaL_error(lua_, "more than 100 settings");
    const bool brief = lua_type(lua_, -1) == LUA_TSTRING;
    if (!brief && !lua_istable(lua_, -1)) refuse(name, "must be a type or a table");
    const std::string word = brief ? lua_tostring(lua_, -1) : text("type", name);
    const auto* type = std::ranges::find(kTypes, word, &TypeWord::word);
    if (type == std::end(kTypes)) refuse(name, "has no type such as text, integer, boolean, duration or secret");
    ConfigRow row;
    row.key = keep(name);
    row.type = type->type;
    row.secret = type->secret;
    row.reloadable = true;
    const bool required = brief || truth("required", name);
    if (!brief) {
      row.fallback = keep(text("default", name));
      row.bounds = keep(text("bounds", name));
      row.text = keep(text("text", name));
    }
    if (row.text.empty()) row.text = keep("Setting of " + declaration_.name + ".lua.");
    if (row.secret && !row.fallback.empty()) refuse(name, "is a secret and can have no default");
    if (required && !row.fallback.empty()) refuse(name, "is required and has a default");
    if (required && (row.type == ConfigType::Text || row.type == ConfigType::List)) row.bounds = "nonempty";
    declaration_.rows.push_back(row);
  }

  std::string_view keep(std::string text) { return declaration_.texts.emplace_back(std::move(text)); }

  [[noreturn]] void refuse(const std::string& setting, const char* why) {
    luaL_error(lua_, "setting %s %s", setting.c_str(), why);
    std::abort();
  }

  /// A member of the table on top as a person would type it.
  std::string text(const char* member, const std::string& setting) {
    lua_pushstring(lua_, member);
    lua_rawget(lua_, -2);
    std::string result;
    if (lua_istable(lua_, -1)) {
      const lua_Unsigned count = lua_rawlen(lua_, -1);
      for (lua_Unsigned i = 1; i <= count && i <= kMostSettings; ++i) {
        lua_rawgeti(lua_, -1, static_cast<lua_Integer>(i));
        result.append(result.empty() ? "" : ",").append(scalar(setting));
        lua_pop(lua_, 1);
      }
    } else if (!lua_isnil(lua_, -1)) {
      result = scalar(setting);
    }
    lua_pop(lua_, 1);
    return result;
  }

  std::string scalar(const std::string& setting) {
    if (lua_isboolean(lua_, -1)) return lua_toboolean(lua_, -1) != 0 ? "true" : "false";
    if (lua_isinteger(lua_, -1) != 0) return std::to_string(lua_tointeger(lua_, -1));
    if (lua_type(lua_, -1) != LUA_TSTRING) refuse(setting, "has a member that is no text, whole number or boolean");
    return lua_tostring(lua_, -1);
  }

  bool truth(const char* member, const std::string& setting) {
    lua_pushstring(lua_, member);
    lua_rawget(lua_, -2);
    if (!lua_isnil(lua_, -1) && !lua_isboolean(lua_, -1)) refuse(setting, "must be required = true or false");
    const bool result = lua_toboolean(lua_, -1) != 0;
    lua_pop(lua_, 1);
    return result;
  }

  lua_State* lua_;
  ProviderDeclaration& declaration_;
};

/// What is wrong with the script, or nothing.
std::optional<std::string> declare(const fs::path& path, ProviderDeclaration& declaration, Clock& clock) {
  std::string script;
  if (std::string fault = readScript(path, script); !fault.empty()) return fault;
  const std::string file = (fs::path(kProviderFolder) / path.filename()).string();
  const fs::path folder = path.parent_path().parent_path();
  const auto body = [&](lua_State* lua) { DeclarationReader(lua, declaration).read(script, file); };
  Sandbox sandbox(kMemory, clock);
  const auto error = sandbox.run(
      [](lua_State* lua) {
        (*static_cast<decltype(body)*>(lua_touserdata(lua, 1)))(lua);
        return 0;
      },
      const_cast<void*>(static_cast<const void*>(&body)));
  if (!error) return std::nullopt;
  std::string cause = error->cause;
  if (error->reason == FailureReason::Deadline) cause = "took too long to load";
  if (error->reason == FailureReason::Memory) cause = "wanted too much memory";
  if (cause.empty()) cause = "raised an error while loading";
  const std::string at = error->position.empty() ? file : error->position;
  // The parser's own words begin with file and line.
  return (folder / (cause.starts_with(file + ":") ? cause : at + ": " + cause)).string();
}

}  // namespace

ProviderDeclarations readDeclarations(const fs::path& folder, Clock& clock) {
  ProviderDeclarations result;
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder / kProviderFolder, error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path& file = entry->path();
    if (file.extension() == ".lua" && !file.filename().string().starts_with('.')) files.push_back(file);
  }
  if (error && error != std::errc::no_such_file_or_directory)
    result.faults.push_back("cannot read " + (folder / kProviderFolder).string() + ": " + error.message());
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    auto declaration = std::make_shared<ProviderDeclaration>();
    declaration->name = file.stem().string();
    if (!isName(declaration->name)) {
      result.faults.push_back(file.string() + ": a provider's name is a-z 0-9 _ - and begins with a letter");
      continue;
    }
    if (auto fault = declare(file, *declaration, clock)) {
      result.faults.push_back(std::move(*fault));
      declaration->readable = false;
      declaration->rows = {{"*", ConfigType::Text, "", "", "Any setting."}};
    }
    result.providers.push_back(std::move(declaration));
  }
  return result;
}

ProviderSettings providerSettings(const ProviderDeclaration& declaration, const Config& section) {
  ProviderSettings settings;
  for (const ConfigRow& row : declaration.rows) {
    if (row.secret) {
      settings.secrets.emplace(row.key, section.secret(row.key));
      continue;
    }
    boost::json::value value;
    switch (row.type) {
      case ConfigType::Text:
      case ConfigType::Choice:
        value = boost::json::string(section.text(row.key));
        break;
      case ConfigType::Integer:
        value = section.integer(row.key);
        break;
      case ConfigType::Boolean:
        value = section.boolean(row.key);
        break;
      case ConfigType::Period:
        value = std::chrono::duration<double>(section.duration(row.key)).count();
        break;
      case ConfigType::Size:
        value = static_cast<std::int64_t>(section.size(row.key));
        break;
      case ConfigType::List: {
        boost::json::array items;
        for (const std::string& item : section.list(row.key)) items.emplace_back(item);
        value = std::move(items);
        break;
      }
    }
    settings.values.emplace(row.key, std::move(value));
  }
  return settings;
}

}  // namespace penstock
