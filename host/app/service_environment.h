#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock {

/// The assignments of a file that a unit names as EnvironmentFile=, read as systemd.exec(5) says: quotes, backslashes
/// and comments as there, and nothing is expanded. What is no name is left out, as systemd leaves it out.
std::vector<std::pair<std::string, std::string>> readEnvironment(std::string_view text);

/// Makes this process what penstock.service starts: nothing in the environment but what its files and its credentials
/// say, its folder, and, for root, its user. Call before threads are started.
/// [throws: StartFailure when a file cannot be read or the user cannot be taken on]
void becomeService();

}  // namespace penstock
