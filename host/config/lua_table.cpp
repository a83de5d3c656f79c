#include "config/lua_table.h"

#include <optional>

namespace penstock {
namespace {

constexpr int kDeepest = 32;
constexpr std::size_t kMostKeys = 10'000;
constexpr std::size_t kLongestKey = 256;
constexpr std::size_t kLongestText = 64U << 10U;

class TableReader {
public:
  TableReader(lua_State* lua, Layer& layer, std::vector<std::string>& faults)
      : lua_(lua), layer_(layer), faults_(faults) {}

  void table(const std::string& path, int depth) {
    luaL_checkstack(lua_, 4, "nested too deep");
    if (depth > kDeepest) return fault(path, "is nested more than 32 tables deep, or holds itself");
    for (lua_pushnil(lua_); lua_next(lua_, -2) != 0; lua_pop(lua_, 1)) {
      if (seen_ > kMostKeys) continue;
      if (++seen_ > kMostKeys) {
        faults_.push_back(layer_.name + ": holds more than 10000 keys");
        continue;
      }
      if (lua_type(lua_, -2) != LUA_TSTRING) {
        fault(path, "mixes names and list items, or has a name that is not text");
        continue;
      }
      std::size_t length = 0;
      const char* name = lua_tolstring(lua_, -2, &length);
      entry(path, std::string_view(name, length), depth);
    }
  }

private:
  static bool readableName(std::string_view name) {
    if (name.empty() || name.starts_with('.') || name.ends_with('.')) return false;
    if (name.find("..") != std::string_view::npos) return false;
    for (const char c : name)
      if (c <= ' ' || c > '~' || c == '=') return false;
    return true;
  }

  void entry(const std::string& path, std::string_view name, int depth) {
    if (!readableName(name) || path.size() + name.size() + 1 > kLongestKey) {
      const std::string shown(name.substr(0, 40));
      return fault(path, "holds the name " + quoted(shown) + ", which no key can have");
    }
    std::string key = path;
    if (!key.empty()) key += '.';
    key += name;
    value(key, depth);
  }

  void value(const std::string& key, int depth) {
    switch (lua_type(lua_, -1)) {
      case LUA_TSTRING:
        return text(key);
      case LUA_TBOOLEAN:
        return store(key, lua_toboolean(lua_, -1) != 0);
      case LUA_TNUMBER:
        return store(key, number());
      case LUA_TTABLE:
        if (lua_rawlen(lua_, -1) > 0) return list(key);
        if (isEmpty()) return store(key, std::vector<std::string>{});
        return table(key, depth + 1);
      default:
        fault(key, std::string("is a ") + luaL_typename(lua_, -1) +
                       "; a value is text, a number, true, false, a list or a table of keys");
    }
  }

  RawValue number() const {
    if (lua_isinteger(lua_, -1) != 0) return static_cast<std::int64_t>(lua_tointeger(lua_, -1));
    const double real = lua_tonumber(lua_, -1);
    lua_Integer whole = 0;
    if (lua_numbertointeger(real, &whole) && static_cast<double>(whole) == real)
      return static_cast<std::int64_t>(whole);
    return real;
  }

  bool isEmpty() {
    lua_pushnil(lua_);
    if (lua_next(lua_, -2) == 0) return true;
    lua_pop(lua_, 2);
    return false;
  }

  void text(const std::string& key) {
    if (auto read = readText(key)) store(key, std::move(*read));
  }

  std::optional<std::string> readText(const std::string& key) {
    std::size_t length = 0;
    const char* text = lua_tolstring(lua_, -1, &length);
    if (length > kLongestText) {
      fault(key, "is longer than 64 KB");
      return std::nullopt;
    }
    if (std::string_view(text, length).find('\0') != std::string_view::npos) {
      fault(key, "holds a zero byte");
      return std::nullopt;
    }
    return std::string(text, length);
  }

  void list(const std::string& key) {
    std::vector<std::string> items;
    std::size_t entries = 0;
    for (lua_pushnil(lua_); lua_next(lua_, -2) != 0; lua_pop(lua_, 1)) ++entries;
    const std::size_t length = lua_rawlen(lua_, -1);
    if (entries != length) return fault(key, "mixes names and list items, or has gaps");
    seen_ += length;
    if (seen_ > kMostKeys) return faults_.push_back(layer_.name + ": holds more than 10000 keys");
    for (std::size_t i = 1; i <= length; ++i) {
      lua_rawgeti(lua_, -1, static_cast<lua_Integer>(i));
      auto item = listItem(key);
      lua_pop(lua_, 1);
      if (!item) return;
      items.push_back(std::move(*item));
    }
    store(key, std::move(items));
  }

  std::optional<std::string> listItem(const std::string& key) {
    switch (lua_type(lua_, -1)) {
      case LUA_TSTRING:
        return readText(key);
      case LUA_TNUMBER:
        return plainText(number());
      default:
        fault(key, std::string("holds a ") + luaL_typename(lua_, -1) + " as a list item; items are text or numbers");
        return std::nullopt;
    }
  }

  void store(const std::string& key, RawValue value) {
    if (!layer_.values.emplace(key, std::move(value)).second) fault(key, "is given twice");
  }

  void fault(const std::string& path, const std::string& sentence) {
    faults_.push_back(layer_.name + ": " + (path.empty() ? "the table" : path) + " " + sentence);
  }

  lua_State* lua_;
  Layer& layer_;
  std::vector<std::string>& faults_;
  std::size_t seen_ = 0;
};

}  // namespace

void readTable(lua_State* lua, Layer& layer, std::vector<std::string>& faults) {
  TableReader(lua, layer, faults).table({}, 1);
}

}  // namespace penstock
