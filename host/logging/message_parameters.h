#pragma once

#include <Poco/Message.h>

#include <map>
#include <string>

namespace penstock {

/// All parameters of a message, or nullptr when it has none.
const std::map<std::string, std::string>* parametersOf(const Poco::Message& message);

}  // namespace penstock
