#include "logging/logging.h"

#include "config/fault.h"
#include "logging/logger_settings.h"
#include "logging/metrics.h"
#include "logging/penstock_channel.h"

#include <Poco/Logger.h>
#include <Poco/LoggingFactory.h>
#include <Poco/LoggingRegistry.h>
#include <Poco/Util/LoggingConfigurator.h>

#include <cstdlib>
#include <vector>

namespace penstock {
namespace {

using ChannelPointer = Poco::AutoPtr<PenstockChannel>;

/// The channels that are in use.
class OpenChannels {
public:
  void add(ChannelPointer channel) {
    const std::lock_guard lock(mutex_);
    channels_.push_back(std::move(channel));
  }
  std::vector<ChannelPointer> all() const {
    const std::lock_guard lock(mutex_);
    return channels_;
  }
  std::vector<ChannelPointer> take() noexcept {
    const std::lock_guard lock(mutex_);
    return std::exchange(channels_, {});
  }

private:
  mutable std::mutex mutex_;
  std::vector<ChannelPointer> channels_;
};

OpenChannels& openChannels() {
  static OpenChannels channels;
  return channels;
}

class ChannelInstantiator : public Poco::AbstractInstantiator<Poco::Channel> {
public:
  Poco::Channel* createInstance() const override {
    ChannelPointer channel(new PenstockChannel);
    openChannels().add(channel);
    return channel.duplicate();
  }
};

void registerOnce() {
  static const bool done = [] {
    openChannels();
    Poco::LoggingFactory::defaultFactory().registerChannelClass("PenstockChannel", new ChannelInstantiator);
    std::atexit([] { stopLogging(); });
    return true;
  }();
  static_cast<void>(done);
}

std::vector<std::string> loggerNames() {
  std::vector<std::string> names;
  Poco::Logger::names(names);
  return names;
}

void setLevels(const Poco::Util::AbstractConfiguration& settings) {
  const auto levels = loggerProperty(settings, "level");
  for (const auto& [name, level] : levels) Poco::Logger::get(name);
  for (const std::string& name : loggerNames())
    if (const auto* level = inherited(levels, name)) Poco::Logger::get(name).setLevel(*level);
}

/// Loggers that were made before their parents got a channel.
void setChannels(const Poco::Util::AbstractConfiguration& settings) {
  std::map<std::string, std::string> holders;
  for (const auto& [name, channel] : loggerProperty(settings, "channel")) holders[name] = name;
  for (const std::string& name : loggerNames())
    if (const auto* holder = inherited(holders, name); holder != nullptr && *holder != name)
      Poco::Logger::get(name).setChannel(Poco::Logger::get(*holder).getChannel());
}

}  // namespace

void checkLogging(const Poco::Util::AbstractConfiguration& configuration) {
  auto faults = loggerFaults(*loggerSettings(configuration));
  if (!faults.empty()) throw ConfigurationFaults(std::move(faults));
}

void startLogging(const Poco::Util::AbstractConfiguration& configuration, Metrics* metrics) {
  checkLogging(configuration);
  registerOnce();
  stopLogging();
  const auto settings = loggerSettings(configuration);
  try {
    Poco::Util::LoggingConfigurator().configure(settings);
    setChannels(*settings);
    setLevels(*settings);
    for (auto& channel : openChannels().all()) channel->open();
  } catch (const Poco::Exception& error) {
    throw ConfigurationFaults({"logging: " + (error.message().empty() ? error.displayText() : error.message())});
  }
  if (metrics == nullptr) return;
  Counter& dropped = metrics->counter(kLogDropped);
  for (const auto& channel : openChannels().all()) channel->sink()->countDrops(&dropped);
}

void applyLevels(const Poco::Util::AbstractConfiguration& configuration) {
  checkLogging(configuration);
  setLevels(*loggerSettings(configuration));
}

void reopenLogs() {
  for (const auto& channel : openChannels().all())
    if (LineSink* sink = channel->sink()) sink->reopen();
}

void stopLogging() noexcept {
  for (const auto& channel : openChannels().take())
    if (LineSink* sink = channel->sink()) {
      sink->stop();
      sink->countDrops(nullptr);
    }
}

}  // namespace penstock
