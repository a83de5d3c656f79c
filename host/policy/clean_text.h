#pragma once

#include <boost/json/value.hpp>

#include <cstdint>
#include <string_view>

namespace penstock {

enum class TextFault : std::uint8_t {
  None,
  Nul,       ///< contains U+0000
  Encoding,  ///< is not UTF-8 (RFC 3629)
  Depth,     ///< a value nested too deeply
};

/// Whether a text may stand in an event.
TextFault faultOf(std::string_view text);

/// The first fault of any text in the value, names of members included.
TextFault faultOfAny(const boost::json::value& value, int depth = 0);

/// The fault as a sentence about the member.
std::string_view sentence(TextFault fault);

}  // namespace penstock
