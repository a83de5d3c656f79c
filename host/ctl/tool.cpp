#include "ctl/tool.h"

#include "ctl/failure.h"

#include <cstdlib>
#include <filesystem>
#include <vector>

namespace penstock::ctl {
namespace {

namespace fs = std::filesystem;

/// Where services keep their socket: as the packages run them, where DATA_DIR says, in a checkout, in the data folder.
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
  for (const fs::path& place : usualPlaces()) {
    std::error_code unseen;
    if (fs::is_socket(place, unseen)) return place;
    looked += "\n  " + place.string() +
              (unseen && unseen != std::errc::no_such_file_or_directory && unseen != std::errc::not_a_directory
                   ? ": " + unseen.message()
                   : "");
  }
  throw Failure(Exit::Unavailable, "no admin socket is in the usual places:" + looked +
                                       "\nis penstockd running here? --socket or PENSTOCK_SOCKET names another place");
}

}  // namespace penstock::ctl
