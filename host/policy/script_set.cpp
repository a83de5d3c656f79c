#include "policy/script_set.h"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace penstock {
namespace {

constexpr std::size_t kLongestScript = 1 << 20;

/// Returns what is wrong, or an empty text.
std::string readFile(const std::filesystem::path& file, std::string& text) {
  std::ifstream in(file, std::ios::binary);
  std::array<char, 16384> block;
  while (in.read(block.data(), block.size()) || in.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > kLongestScript) return file.string() + ": longer than 1 MB";
  }
  return in.eof() ? std::string() : file.string() + ": cannot be read: " + std::strerror(errno);
}

}  // namespace

ScriptSet readScripts(const std::filesystem::path& folder, const PolicySettings& settings) {
  ScriptSet scripts{folder, {}, settings, {}};
  std::string faults;
  std::string whole;
  for (const ScriptName script : kScripts) {
    std::string& text = scripts.texts[index(script)];
    const std::string fault = readFile(folder / (std::string(word(script)) + ".lua"), text);
    if (!fault.empty()) faults.append(faults.empty() ? "" : "\n").append(fault);
    whole.append(word(script)).append(" ").append(std::to_string(text.size())).append("\n").append(text);
  }
  if (!faults.empty()) throw PolicyFault(faults);
  scripts.hash = Digest128::of({"policy1", whole, settings.text()});
  return scripts;
}

}  // namespace penstock
