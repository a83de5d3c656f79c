#pragma once

#include <string_view>

namespace penstock {

/// The steps of a message between receive and settle at which a test can make the process fail. It is told by the
/// environment variable PENSTOCK_FAULT_POINT: "begun:kill" kills the process when it gets there, "begun:stop" makes it
/// stand still until SIGCONT, "begun:kill:3" waits for the third time; what cannot be read aborts. Only builds with
/// tests have it. [any thread]
#ifdef PENSTOCK_FAULT_POINTS
void faultPoint(std::string_view step) noexcept;
#else
inline void faultPoint(std::string_view) noexcept {}
#endif

}  // namespace penstock
