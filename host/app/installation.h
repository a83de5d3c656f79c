#pragma once

#include <filesystem>
#include <optional>

namespace penstock {

/// Where things are: beside the executable's checkout, or where the packages put them.
struct Installation {
  std::filesystem::path configuration;  ///< penstock.lua
  std::filesystem::path drop_ins;       ///< conf.d
  std::filesystem::path plugins;
  std::filesystem::path scripts;          ///< that the service runs; the site edits these
  std::filesystem::path shipped_scripts;  ///< as this version brings them; in a checkout the same
  std::filesystem::path migrations;
  std::filesystem::path data;  ///< where data goes when the configuration does not say

  /// Looks around the running executable. [throws: std::system_error]
  static Installation find();
  /// The same for an executable that lies in `directory`; for tests.
  static Installation around(const std::filesystem::path& directory);
};

}  // namespace penstock
