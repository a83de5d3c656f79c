#include "app/plugin_list.h"

#include "penstock/json.h"

namespace penstock {
namespace {

using Names = std::span<const std::string_view>;

void addNames(std::string& text, const char* title, Names names) {
  if (names.empty()) return;
  text.append("  ").append(title);
  for (const std::string_view name : names) text.append(" ").append(name);
  text += '\n';
}

void writeNames(JsonWriter& json, const char* member, Names names) {
  json.name(member).beginArray();
  for (const std::string_view name : names) json.value(name);
  json.endArray();
}

}  // namespace

std::string pluginList(const Discovery& discovery) {
  std::string text;
  for (const std::string& directory : discovery.searched) text += "in " + directory + ":\n";
  if (discovery.plugins.empty()) text += "no plugins\n";
  for (const FoundPlugin& plugin : discovery.plugins) {
    text += plugin.name;
    if (plugin.descriptor == nullptr) {
      text += "\n  refused: " + plugin.refusal + '\n';
      continue;
    }
    text.append(" ").append(plugin.descriptor->version).append("\n  ").append(plugin.descriptor->summary) += '\n';
    addNames(text, "gives:", plugin.descriptor->provides);
    addNames(text, "needs:", plugin.descriptor->requires_);
  }
  return text;
}

std::string pluginListJson(const Discovery& discovery) {
  std::string text;
  JsonWriter json(text);
  json.beginObject().name("searched").beginArray();
  for (const std::string& directory : discovery.searched) json.value(directory);
  json.endArray().name("plugins").beginArray();
  for (const FoundPlugin& plugin : discovery.plugins) {
    json.beginObject().member("plugin", plugin.name);
    if (plugin.descriptor == nullptr) {
      json.member("refused", plugin.refusal).endObject();
      continue;
    }
    json.member("version", plugin.descriptor->version).member("summary", plugin.descriptor->summary);
    writeNames(json, "gives", plugin.descriptor->provides);
    writeNames(json, "needs", plugin.descriptor->requires_);
    json.endObject();
  }
  json.endArray().endObject();
  return text + '\n';
}

}  // namespace penstock
