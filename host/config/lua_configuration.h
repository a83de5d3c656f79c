#pragma once

#include <Poco/Util/AbstractConfiguration.h>

#include <map>
#include <string>

namespace penstock {

/// What penstock.lua and its layers say, as Poco knows configurations: dotted keys and text, so that everything of
/// Poco that reads an AbstractConfiguration (LoggingConfigurator, views, ${…}) works on it. [any thread]
class LuaConfiguration : public Poco::Util::AbstractConfiguration {
public:
  using Values = std::map<std::string, std::string>;
  explicit LuaConfiguration(Values values) : values_(std::move(values)) {}

protected:
  bool getRaw(const std::string& key, std::string& value) const override;
  void setRaw(const std::string& key, const std::string& value) override;
  void enumerate(const std::string& key, Keys& range) const override;
  void removeRaw(const std::string& key) override;

private:
  Values values_;  // AbstractConfiguration holds its mutex around these calls
};

}  // namespace penstock
