#pragma once

namespace penstock::ctl {

/// penstockctl as a function: its exit status. Results go to stdout, everything else to stderr.
int run(int argc, const char* const* argv);

}  // namespace penstock::ctl
