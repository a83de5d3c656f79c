#pragma once

#include <string>

namespace penstock::ctl {

/// Asks the person at the terminal whether to do this, unless --yes was given. Without a terminal it has to be.
/// [blocks: until answered] [throws: Failure]
void confirm(const std::string& question, bool yes);

}  // namespace penstock::ctl
