#include "logging/logger_settings.h"

#include <Poco/Exception.h>
#include <Poco/Logger.h>
#include <Poco/LoggingFactory.h>

#include <algorithm>

namespace penstock {
namespace {

using Poco::Util::AbstractConfiguration;

const std::string kFormatters = "logging.formatters";
const std::string kChannels = "logging.channels";
const std::string kLoggers = "logging.loggers";
const std::string kOwnChannel = "penstock";
const std::string kOwnClass = "PenstockChannel";

AbstractConfiguration::Keys keysOf(const AbstractConfiguration& configuration, const std::string& path) {
  AbstractConfiguration::Keys keys;
  configuration.keys(path, keys);
  return keys;
}

void copy(const AbstractConfiguration& from, const std::string& path, AbstractConfiguration& to) {
  if (from.hasProperty(path)) to.setString(path, from.getString(path));
  for (const std::string& key : keysOf(from, path)) copy(from, path + '.' + key, to);
}

void setDefault(AbstractConfiguration& settings, const std::string& key, const std::string& value) {
  if (!settings.hasProperty(key)) settings.setString(key, value);
}

std::string loggerName(const AbstractConfiguration& settings, const std::string& key) {
  return settings.getString(kLoggers + '.' + key + ".name", "");
}

template <typename Create>
void checkClasses(const AbstractConfiguration& settings, const std::string& path, Create create,
                  std::vector<std::string>& faults) {
  for (const std::string& key : keysOf(settings, path)) {
    const std::string at = path + '.' + key + ".class";
    const std::string name = settings.getString(at, "");
    try {
      create(name);
    } catch (const Poco::Exception&) {
      faults.push_back(name.empty() ? at + " is not set: expected a class that Poco's logging knows"
                                    : at + " = \"" + name + "\": expected a class that Poco's logging knows");
    }
  }
}

}  // namespace

Poco::AutoPtr<Poco::Util::MapConfiguration> loggerSettings(const AbstractConfiguration& configuration) {
  Poco::AutoPtr<Poco::Util::MapConfiguration> settings(new Poco::Util::MapConfiguration);
  copy(configuration, kFormatters, *settings);
  copy(configuration, kChannels, *settings);
  copy(configuration, kLoggers, *settings);
  const std::string own = kChannels + '.' + kOwnChannel;
  if (settings->getString(own + ".class", kOwnClass) == kOwnClass) {
    setDefault(*settings, own + ".class", kOwnClass);
    for (const std::string property : {"destination", "format", "buffer"})
      if (configuration.hasProperty("logging." + property))
        setDefault(*settings, own + '.' + property, configuration.getString("logging." + property));
  }
  setDefault(*settings, kLoggers + ".root.channel", kOwnChannel);
  setDefault(*settings, kLoggers + ".root.level", configuration.getString("logging.level", "information"));
  for (const std::string& key : keysOf(*settings, kLoggers))
    if (key != "root") setDefault(*settings, kLoggers + '.' + key + ".name", key);
  return settings;
}

std::map<std::string, std::string> loggerProperty(const AbstractConfiguration& settings, const std::string& property) {
  std::map<std::string, std::string> values;
  for (const std::string& key : keysOf(settings, kLoggers)) {
    const std::string at = kLoggers + '.' + key + '.' + property;
    if (settings.hasProperty(at)) values[loggerName(settings, key)] = settings.getString(at);
  }
  return values;
}

const std::string* inherited(const std::map<std::string, std::string>& values, std::string_view logger) {
  for (;;) {
    if (const auto found = values.find(std::string(logger)); found != values.end()) return &found->second;
    if (logger.empty()) return nullptr;
    const auto dot = logger.rfind('.');
    logger = dot == std::string_view::npos ? std::string_view() : logger.substr(0, dot);
  }
}

std::vector<std::string> loggerFaults(const AbstractConfiguration& settings) {
  std::vector<std::string> faults;
  auto& factory = Poco::LoggingFactory::defaultFactory();
  checkClasses(
      settings, kFormatters, [&](const std::string& name) { factory.createFormatter(name); }, faults);
  const auto create = [&](const std::string& name) {
    if (name != kOwnClass) factory.createChannel(name);
  };
  checkClasses(settings, kChannels, create, faults);
  const auto channels = keysOf(settings, kChannels);
  for (const std::string& key : keysOf(settings, kLoggers)) {
    const std::string at = kLoggers + '.' + key;
    if (settings.hasProperty(at + ".level")) {
      const std::string level = settings.getString(at + ".level");
      try {
        Poco::Logger::parseLevel(level);
      } catch (const Poco::Exception&) {
        faults.push_back(at + ".level = \"" + level +
                         "\": expected none, fatal, critical, error, warning, notice, information, debug or trace");
      }
    }
    const std::string channel = settings.getString(at + ".channel", "");
    const bool inlined = settings.hasProperty(at + ".channel.class");
    if (!channel.empty() && !inlined && std::ranges::find(channels, channel) == channels.end())
      faults.push_back(at + ".channel = \"" + channel + "\": expected the name of one of " + kChannels);
  }
  return faults;
}

}  // namespace penstock
