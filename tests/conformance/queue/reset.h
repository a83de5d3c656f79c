#pragma once

#include "conformance/queue/engine.h"

#include <string>

namespace penstock::test {

/// The command that empties what an engine keeps elsewhere, such as on a server, as --reset names it; empty: none.
std::string& resetCommand();

/// For any engine: before each case it runs the command. When that fails it says so, with what the command wrote, and
/// ends the process with exit status 69, because no promise can be judged any more.
class ResetAdapter final : public EngineAdapter {
public:
  void empty() override;
};

}  // namespace penstock::test
