#include "ctl/confirm.h"

#include "ctl/failure.h"

#include <unistd.h>

#include <iostream>

namespace penstock::ctl {

void confirm(const std::string& question, bool yes) {
  if (yes) return;
  if (::isatty(STDIN_FILENO) == 0)
    throw Failure(Exit::Usage, question + " There is no terminal to ask on; --yes says that you are sure.");
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (answer != "y" && answer != "Y" && answer != "yes") throw Failure(Exit::NotConfirmed, "nothing was done");
}

}  // namespace penstock::ctl
