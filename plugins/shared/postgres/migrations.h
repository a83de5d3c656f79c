#pragma once

#include "shared/postgres/session.h"

#include <cstdint>
#include <string>
#include <vector>

namespace penstock::postgres {

/// The schema penstock and the files it is made by: NNNN_name.sql, forward only, each applied in a transaction of its
/// own and remembered with its checksum in penstock.migrations.
class Schema {
public:
  /// Reads the files. [throws: StartFailure of the configuration]
  explicit Schema(const std::string& directory);

  /// Names of the migrations that the database lacks; empty when it is up to date. [throws: Fault; StartFailure of the
  /// configuration when a file that was applied is missing or altered, when the schema is newer than the files, when
  /// a table was altered by hand, or when the role lacks rights]
  std::vector<std::string> missing(Session& session) const;

  /// Applies what is missing, in order, and returns how many. Several processes may do so at once: one works, the
  /// others wait. [throws: as missing, and StartFailure when a migration does not run]
  std::uint32_t migrate(Session& session) const;

private:
  struct Migration {
    std::int32_t version = 0;
    std::string name;
    std::string text;
    std::string checksum;
  };
  static Migration readFile(const std::string& file);
  std::vector<const Migration*> compare(Session& session) const;
  static void apply(Session& session, const Migration& migration);

  std::vector<Migration> migrations_;  // in order
};

/// What a plugin says of a migration that applied so many files.
std::string migrated(std::uint32_t applied);

}  // namespace penstock::postgres
