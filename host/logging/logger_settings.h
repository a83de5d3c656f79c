#pragma once

#include <Poco/AutoPtr.h>
#include <Poco/Util/AbstractConfiguration.h>
#include <Poco/Util/MapConfiguration.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// `logging.*` as Poco's LoggingConfigurator reads it, with what we leave out written out: our channel, the root
/// logger, and the loggers' names.
Poco::AutoPtr<Poco::Util::MapConfiguration> loggerSettings(const Poco::Util::AbstractConfiguration& configuration);

/// Per logger name ("" is the root) the value of `property` (level, channel) that the settings give it.
std::map<std::string, std::string> loggerProperty(const Poco::Util::AbstractConfiguration& settings,
                                                  const std::string& property);

/// The value of a logger or of its nearest ancestor that has one; loggers' names are parted by dots.
const std::string* inherited(const std::map<std::string, std::string>& values, std::string_view logger);

/// One sentence for each level, class or channel that Poco does not know.
std::vector<std::string> loggerFaults(const Poco::Util::AbstractConfiguration& settings);

}  // namespace penstock
