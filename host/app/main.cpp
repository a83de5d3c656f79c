#include "app/daemon.h"
#include "app/signals.h"

#include <Poco/Exception.h>

#include <iostream>

int main(int argc, char** argv) {
  penstock::Signals::block();
  penstock::Daemon daemon;
  try {
    daemon.init(argc, argv);
  } catch (const Poco::Exception& fault) {
    std::cerr << "penstockd: " << fault.displayText() << "; see penstockd --help" << std::endl;
    return penstock::kExitUsage;
  }
  return static_cast<Poco::Util::Application&>(daemon).run();
}
