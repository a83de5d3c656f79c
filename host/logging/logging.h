#pragma once

#include "penstock/metrics.h"

#include <Poco/Util/AbstractConfiguration.h>

namespace penstock {

/// Sets Poco's loggers up as `logging.*` of the configuration says: formatters, channels and loggers as Poco knows them
/// (a logger is named as its key unless it has a `name`), and for everything that is left out our own channel with
/// logging.level, format, destination and buffer. Loggers that exist already get their parent's channel and level.
/// Calling it again starts anew. [one thread] [throws: ConfigurationFaults]
void startLogging(const Poco::Util::AbstractConfiguration& configuration, Metrics* metrics);

/// Tells what startLogging would refuse, without touching a file: unknown classes, levels, channels.
/// [one thread] [throws: ConfigurationFaults with all faults]
void checkLogging(const Poco::Util::AbstractConfiguration& configuration);

/// Gives every logger the level that the configuration says, as on reload; channels stay. [any thread]
/// [throws: ConfigurationFaults; then no level has changed]
void applyLevels(const Poco::Util::AbstractConfiguration& configuration);

/// Opens log files anew, as after a rotation. [any thread] [throws: std::system_error; then the old files stay]
void reopenLogs();

/// Writes everything out, waiting two seconds for a destination that takes nothing and ten for a slow one, and ends the
/// writing thread.
/// Lines that come later are written at once by their own thread. Idempotent; also called when the process exits.
/// [any thread] [blocks]
void stopLogging() noexcept;

}  // namespace penstock
