#include "ctl/tool.h"

#include "ctl/failure.h"

#include <cstdlib>
#include <filesystem>
#include <vector>

namespace penstock::ctl {
namespace {

namespace fs = std::filesystem;

/// Where services keep their socket: in the folder that the unit makes, for those whose http.admin.socket says so;
/// where DATA_DIR says; in a checkout; in the data folder, where it is unless anything else is said.
std::vector<fs::path> usualPlaces() {
  std::vector<fs::path> places{"/run/penstock/admin.sock"};
  const char* data = std::getenv("DATA_DIR");
  if (data != nullptr && *data != '\0') places.push_back(fs::path(data) / "admin.sock");
  places.insert(places.end(), {"./var/admin.sock", "/var/lib/penstock/admin.sock"});
  return places;
}

}  // namespace

std::string Tool::adminPlace() const {
  if (!socket.empty()) return socket;
  std::string looked;
  bool hidden = false;
  for (const fs::path& place : usualPlaces()) {
    std::error_code unseen;
    if (fs::is_socket(place, unseen)) return place;
    hidden = hidden || unseen == std::errc::permission_denied;
    looked += "\n  " + place.string() +
              (unseen && unseen != std::errc::no_such_file_or_directory && unseen != std::errc::not_a_directory
                   ? ": " + unseen.message()
                   : "");
  }
  throw Failure(
      Exit::Unavailable,
      (hidden ? "no admin socket can be seen in the usual places:" : "no admin socket is in the usual places:") +
          looked +
          (hidden ? "\nit takes root or the service's user to look there, as in sudo penstockctl"
                  : "\nis penstockd running here?") +
          "; --socket or PENSTOCK_SOCKET names another place");
}

}  // namespace penstock::ctl
