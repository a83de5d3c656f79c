#pragma once

#include "ctl/client.h"
#include "ctl/process.h"
#include "ctl/reading.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace penstock::ctl {

/// A folder that is removed with all that is in it.
class OwnFolder {
public:
  /// [throws: Failure]
  explicit OwnFolder(const std::filesystem::path& parent);
  ~OwnFolder();
  OwnFolder(const OwnFolder&) = delete;
  OwnFolder& operator=(const OwnFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

/// A penstockd for a measurement: defaults, the shipped scripts, the mock provider, a port of 127.0.0.1 and a folder of
/// its own. Neither configuration, scripts nor environment of this machine reach it, so it touches no other data. It
/// ends with the object.
class BenchService {
public:
  /// Comes back when it serves. `queue` is a plugin. [blocks] [throws: Failure]
  BenchService(const std::filesystem::path& parent, const std::string& queue);

  std::uint16_t port() const { return port_; }
  /// [throws: Failure, also when it has ended]
  Reading read();

private:
  std::string lastWords() const;
  void start(const std::string& queue);
  void awaitStart();

  OwnFolder folder_;
  std::optional<Child> child_;
  std::uint16_t port_ = 0;
};

/// The file system that a folder is on, such as ext4; memory says whether nothing of it is durable.
std::string fileSystemOf(const std::filesystem::path& folder, bool& memory);

}  // namespace penstock::ctl
