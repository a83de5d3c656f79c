#include "conformance/queue/reset.h"

#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>

namespace penstock::test {
namespace {

constexpr int kUnavailable = 69;

[[noreturn]] void giveUp(const std::string& why, const std::string& written) {
  std::cout << std::endl;
  std::cerr << "penstock-conformance: --reset: the command " << why << ": " << resetCommand() << '\n'
            << written << std::flush;
  std::_Exit(kUnavailable);  // no test of a case is to go on, and no destructor is to wait for one
}

}  // namespace

std::string& resetCommand() {
  static std::string command;
  return command;
}

void ResetAdapter::empty() {
  if (resetCommand().empty()) return;
  std::FILE* shell = ::popen(("exec 2>&1 </dev/null\n" + resetCommand()).c_str(), "re");
  if (shell == nullptr) giveUp(std::string("cannot be run (") + std::strerror(errno) + ')', {});
  std::string written;
  std::array<char, 4096> part;
  while (const std::size_t count = std::fread(part.data(), 1, part.size(), shell)) written.append(part.data(), count);
  const int status = ::pclose(shell);
  if (status == 0) return;
  giveUp(WIFSIGNALED(status) ? "was ended by signal " + std::to_string(WTERMSIG(status))
                             : "ended with exit status " + std::to_string(WEXITSTATUS(status)),
         written);
}

}  // namespace penstock::test
