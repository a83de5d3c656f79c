#pragma once

#include <string>
#include <string_view>

namespace penstock {

/// Appends text that stays on its line: see LineWriter. With `quoting`, quotes and backslashes are escaped too, as JSON
/// wants it.
void appendEscaped(std::string& out, std::string_view text, bool quoting);

}  // namespace penstock
