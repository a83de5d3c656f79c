#include "config/checked_section.h"

#include <stdexcept>

namespace penstock {

template <typename Type>
Type CheckedSection::get(std::string_view key, const char* kind) const {
  const auto found = values_.find(key);
  if (found != values_.end()) {
    if (const auto* value = std::get_if<Type>(&found->second)) return *value;
    throw std::logic_error("configuration row " + std::string(key) + " of section \"" + name_ + "\" is not " + kind);
  }
  for (const ConfigRow& row : wildcards_)
    if (key.starts_with(row.key.substr(0, row.key.size() - 1))) return Type{};
  throw std::logic_error("section \"" + name_ + "\" declares no row " + std::string(key));
}

std::string CheckedSection::text(std::string_view key) const { return get<std::string>(key, "text"); }
std::int64_t CheckedSection::integer(std::string_view key) const { return get<std::int64_t>(key, "an integer"); }
bool CheckedSection::boolean(std::string_view key) const { return get<bool>(key, "a boolean"); }
Duration CheckedSection::duration(std::string_view key) const { return get<Duration>(key, "a duration"); }
std::uint64_t CheckedSection::size(std::string_view key) const { return get<std::uint64_t>(key, "a size"); }
std::vector<std::string> CheckedSection::list(std::string_view key) const {
  return get<std::vector<std::string>>(key, "a list");
}
Secret CheckedSection::secret(std::string_view key) const { return get<Secret>(key, "a secret"); }

}  // namespace penstock
