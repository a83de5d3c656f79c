#pragma once

#include <string_view>

namespace penstock {

/// The scopes of a client's keys: one key is one message on whichever way it came.
inline constexpr std::string_view kSmsRoute = "messages/sms";
inline constexpr std::string_view kEmailRoute = "messages/email";

}  // namespace penstock
