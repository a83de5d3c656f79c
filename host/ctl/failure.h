#pragma once

#include <stdexcept>

namespace penstock::ctl {

/// How the command ends, by sysexits.h where that has a number for it.
enum class Exit : int {
  Done = 0,
  NotConfirmed = 1,    ///< the person said no; nothing was done
  NotSent = 2,         ///< the message that was waited for has failed, or was given up
  Usage = 64,          ///< the command line is wrong, also by what the service says of it
  NotFound = 66,       ///< there is no such thing
  Unavailable = 69,    ///< the service cannot be reached, does not answer in time, or says that it cannot now
  Unexpected = 70,     ///< an answer that this program does not understand
  Output = 74,         ///< what it has to say cannot be written
  TooLong = 75,        ///< what was waited for goes on and had not ended in the time that was given
  Configuration = 78,  ///< the configuration or a script has faults; what was in force stays
};

/// Why a command ends early, and what to do about it. Sentences for stderr.
struct Failure : std::runtime_error {
  Failure(Exit how, const std::string& sentence) : std::runtime_error(sentence), exit(how) {}
  Exit exit;
};

}  // namespace penstock::ctl
