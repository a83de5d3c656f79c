#include "loader/descriptor_faults.h"

#include <algorithm>
#include <set>

namespace penstock {
namespace {

using Faults = std::vector<std::string>;

bool all(std::string_view text, bool (*allowed)(char)) { return std::all_of(text.begin(), text.end(), allowed); }
bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isWordCharacter(char c) { return (c >= 'a' && c <= 'z') || isDigit(c) || c == '-'; }
bool isKeyCharacter(char c) { return (c >= 'a' && c <= 'z') || isDigit(c) || c == '_'; }

bool isName(std::string_view text) {
  return !text.empty() && text[0] >= 'a' && text[0] <= 'z' && all(text, isWordCharacter);
}

// penstock.<words>/<number>; other vendors may have a prefix of their own.
bool isInterface(std::string_view text) {
  const auto dot = text.find('.');
  const auto slash = text.find('/');
  if (dot == std::string_view::npos || slash == std::string_view::npos || slash < dot) return false;
  const std::string_view version = text.substr(slash + 1);
  return isName(text.substr(0, dot)) && isName(text.substr(dot + 1, slash - dot - 1)) && !version.empty() &&
         version.size() <= 4 && all(version, isDigit);
}

bool isKey(std::string_view key) {
  if (key.ends_with(".*")) key.remove_suffix(2);
  for (;;) {
    const auto dot = key.find('.');
    const std::string_view part = key.substr(0, dot);
    if (part.empty() || !all(part, isKeyCharacter)) return false;
    if (dot == std::string_view::npos) return true;
    key.remove_prefix(dot + 1);
  }
}

bool isAmong(std::string_view word, std::string_view choices) {
  for (;;) {
    const auto bar = choices.find('|');
    if (choices.substr(0, bar) == word) return true;
    if (bar == std::string_view::npos) return false;
    choices.remove_prefix(bar + 1);
  }
}

void checkInterfaces(std::string_view verb, std::span<const std::string_view> interfaces, Faults& faults) {
  std::set<std::string_view> seen;
  for (const std::string_view name : interfaces) {
    if (!isInterface(name))
      faults.push_back(std::string(verb) + " \"" + std::string(name) +
                       "\", which is not an interface such as penstock.queue/1");
    else if (!seen.insert(name).second)
      faults.push_back(std::string(verb) + " " + std::string(name) + " twice");
  }
}

void checkRows(std::span<const ConfigRow> rows, Faults& faults) {
  std::set<std::string_view> seen;
  for (const ConfigRow& row : rows) {
    const std::string name = "its configuration row " + std::string(row.key);
    if (!isKey(row.key)) faults.push_back("its configuration row \"" + std::string(row.key) + "\" is no key");
    if (!seen.insert(row.key).second) faults.push_back(name + " is declared twice");
    if (row.text.empty()) faults.push_back(name + " says nothing about itself");
    if (row.type == ConfigType::Choice && !isAmong(row.fallback, row.bounds))
      faults.push_back(name + " has a default that is not one of its choices");
    if (row.secret && row.type != ConfigType::Text) faults.push_back(name + " is a secret but no text");
  }
}

}  // namespace

std::vector<std::string> descriptorFaults(const Descriptor& descriptor, std::string_view name) {
  if (descriptor.name != name)
    return {"calls itself " + std::string(descriptor.name) + "; the file and the plugin must have one name"};
  Faults faults;
  if (!isName(descriptor.name)) faults.emplace_back("has a name that is not lower-case words such as memory-queue");
  if (descriptor.version.empty()) faults.emplace_back("has no version");
  if (descriptor.summary.empty()) faults.emplace_back("has no summary");
  if (descriptor.create == nullptr) faults.emplace_back("cannot create its plugin");
  checkInterfaces("provides", descriptor.provides, faults);
  checkInterfaces("requires", descriptor.requires_, faults);
  for (const std::string_view needed : descriptor.requires_)
    if (std::find(descriptor.provides.begin(), descriptor.provides.end(), needed) != descriptor.provides.end())
      faults.push_back("requires " + std::string(needed) + ", which it provides itself");
  checkRows(descriptor.rows, faults);
  for (const SharedSection& section : descriptor.shared) {
    if (!isName(section.name) || section.name == descriptor.name)
      faults.push_back("shares a section \"" + std::string(section.name) + "\", which is no name for one");
    checkRows(section.rows, faults);
  }
  return faults;
}

}  // namespace penstock
