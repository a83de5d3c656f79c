#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace penstock {

/// The known key that was most probably meant: the same but for case, - and _, or a few slips of the hand away, or the
/// only one with the same last part. Nothing when none is near.
std::optional<std::string> nearestKey(std::string_view key, std::span<const std::string> known);

}  // namespace penstock
