#include "config/lua_configuration.h"

namespace penstock {

bool LuaConfiguration::getRaw(const std::string& key, std::string& value) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return false;
  value = found->second;
  return true;
}

void LuaConfiguration::setRaw(const std::string& key, const std::string& value) { values_[key] = value; }

void LuaConfiguration::enumerate(const std::string& key, Keys& range) const {
  const std::string prefix = key.empty() ? "" : key + '.';
  for (auto found = values_.lower_bound(prefix); found != values_.end() && found->first.starts_with(prefix); ++found) {
    const std::string name = found->first.substr(prefix.size(), found->first.find('.', prefix.size()) - prefix.size());
    // Keys of one table need not be neighbours: "a-b.c" sorts between "a" and "a.b".
    if (std::find(range.begin(), range.end(), name) == range.end()) range.push_back(name);
  }
}

void LuaConfiguration::removeRaw(const std::string& key) {
  values_.erase(key);
  const std::string prefix = key + '.';
  auto found = values_.lower_bound(prefix);
  while (found != values_.end() && found->first.starts_with(prefix)) found = values_.erase(found);
}

}  // namespace penstock
