#include "policy/script_set.h"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace penstock {
namespace {

constexpr std::size_t kLongestScript = 1 << 20;

bool sameKind(const boost::json::value& one, const boost::json::value& other) {
  return one.kind() == other.kind() || (one.is_number() && other.is_number());
}

}  // namespace

std::optional<boost::json::object> ScriptSet::told(std::string_view provider) const {
  const auto configured = settings.providers.find(provider);
  if (configured == settings.providers.end()) return std::nullopt;
  boost::json::object values = configured->second.values;
  const auto put = adjusted.find(provider);
  if (put == adjusted.end()) return values;
  for (auto& member : values) {
    const boost::json::value* over = put->second.if_contains(member.key());
    if (over != nullptr && sameKind(*over, member.value())) member.value() = *over;
  }
  return values;
}

std::string readScript(const std::filesystem::path& file, std::string& text) {
  std::ifstream in(file, std::ios::binary);
  std::array<char, 16384> block;
  while (in.read(block.data(), block.size()) || in.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > kLongestScript) return file.string() + ": longer than 1 MB";
  }
  return in.eof() ? std::string() : file.string() + ": cannot be read: " + std::strerror(errno);
}

ScriptSet readScripts(const std::filesystem::path& folder, const PolicySettings& settings) {
  ScriptSet scripts{folder, {}, {}, settings, {}, {}, {}};
  std::string faults;
  std::string whole;
  const auto read = [&](const std::filesystem::path& file, std::string& text) {
    const std::string fault = readScript(folder / file, text);
    if (!fault.empty()) faults.append(faults.empty() ? "" : "\n").append(fault);
    whole.append(file.string()).append(" ").append(std::to_string(text.size())).append("\n").append(text);
  };
  for (const ScriptName script : kScripts) read(std::string(word(script)) + ".lua", scripts.texts[index(script)]);
  for (const auto& [name, provider] : settings.providers)
    read(std::filesystem::path(kProviderFolder) / (name + ".lua"), scripts.providers[name]);
  if (!faults.empty()) throw PolicyFault(faults);
  scripts.hash = Digest128::of({"policy1", whole, settings.text()});
  return scripts;
}

}  // namespace penstock
