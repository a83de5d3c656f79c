#pragma once

#include "penstock/plugin.h"

#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// What is wrong with a descriptor whose fingerprint is right, found in the file `name`.so; each as the end of a
/// sentence that begins with the file. The text of defaults and bounds is the configuration's to judge.
std::vector<std::string> descriptorFaults(const Descriptor& descriptor, std::string_view name);

}  // namespace penstock
