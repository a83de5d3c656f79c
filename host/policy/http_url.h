#pragma once

#include <string_view>

namespace penstock {

/// Whether the text is an absolute URL (RFC 3986) of scheme http or https that names a host.
bool isHttpUrl(std::string_view text);

}  // namespace penstock
