#include "shared/postgres/migrations.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <system_error>

#include "penstock/identity.h"
#include "penstock/plugin.h"
#include "postgres/sql.h"

namespace penstock::postgres {

namespace {

constexpr std::size_t kVersionDigits = 4;
constexpr Duration kLockTimeout = std::chrono::minutes(10);
constexpr std::int64_t kLock = 0x70656e73746f636b;  // "penstock"

[[noreturn]] void refuse(const std::string& sentence) { throw StartFailure(sentence, true); }

std::int32_t versionOf(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  std::int32_t version = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + std::min(kVersionDigits, name.size()), version);
  if (error != std::errc() || end != name.data() + kVersionDigits || name.size() <= kVersionDigits ||
      name[kVersionDigits] != '_' || version < 1)
    refuse("migration " + file.string() + " is not named NNNN_name.sql; remove or rename it");
  return version;
}

/// The lock that lets one process migrate. Ends with the session at the latest.
class MigrationLock {
public:
  explicit MigrationLock(Session& session) : session_(session) {
    session_.lift(kLockTimeout);
    session_.query(sql::kLockMigrations, kLock);
  }
  ~MigrationLock() {
    try {
      session_.query(sql::kUnlockMigrations, kLock);
      session_.restore();
    } catch (const Fault&) {
      return;  // the session is lost, and the lock with it
    }
  }
  MigrationLock(const MigrationLock&) = delete;
  MigrationLock& operator=(const MigrationLock&) = delete;

private:
  Session& session_;
};

void refuseWithoutRights(Session& session) {
  Rows rows = session.query(sql::kMissingRights);
  if (!rows.next() || rows.isNull(0)) return;
  const std::string role(rows.text(1));
  refuse("the role " + role + " lacks rights on " + std::string(rows.text(0)) + "; GRANT USAGE ON SCHEMA penstock TO " +
         role +
         "; GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA "
         "penstock TO " +
         role + "; GRANT USAGE ON ALL SEQUENCES IN SCHEMA penstock TO " + role);
}

void refuseAltered(Session& session) {
  Rows rows = session.query(sql::kAlteredTables);
  if (!rows.next() || rows.isNull(0)) return;
  refuse("the tables " + std::string(rows.text(0)) +
         " of schema penstock are not as the migrations made them; undo what was altered by hand, or restore a backup");
}

}  // namespace

Schema::Migration Schema::readFile(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream || text.empty()) refuse("migration " + file + " cannot be read; install the migrations again");
  std::string checksum = Digest128::of({text}).hex();
  const std::filesystem::path path(file);
  return {versionOf(path), path.filename().string(), std::move(text), std::move(checksum)};
}

Schema::Schema(const std::string& directory) {
  std::error_code error;
  std::map<std::int32_t, Migration> found;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() != ".sql") continue;
    Migration migration = readFile(entry->path().string());
    const auto [known, added] = found.try_emplace(migration.version, migration);
    if (!added) refuse("migrations " + known->second.name + " and " + migration.name + " have the same number");
  }
  if (error) refuse("the migrations in " + directory + " cannot be read: " + error.message());
  if (found.empty()) refuse("there are no migrations in " + directory + "; install the migrations again");
  for (auto& [version, migration] : found) migrations_.push_back(std::move(migration));
}

std::vector<const Schema::Migration*> Schema::compare(Session& session) const {
  std::map<std::int32_t, std::pair<std::string, std::string>> applied;  // version: name, checksum
  {
    Rows exists = session.query(sql::kFindMigrations);
    if (exists.next() && !exists.isNull(0)) {
      if (!exists.boolean(1)) refuseWithoutRights(session);
      Rows rows = session.query(sql::kAppliedMigrations);
      while (rows.next())
        applied.emplace(static_cast<std::int32_t>(rows.integer(0)), std::pair(rows.text(1), rows.text(2)));
    }
  }
  std::vector<const Migration*> missing;
  for (const Migration& migration : migrations_) {
    const auto found = applied.find(migration.version);
    if (found == applied.end()) {
      missing.push_back(&migration);
      continue;
    }
    if (found->second.second != migration.checksum)
      refuse("migration " + migration.name +
             " is not the one this database was made with; migrations are never changed: restore the file, or the "
             "database it belongs to");
    applied.erase(found);
  }
  if (applied.empty()) return missing;
  const auto& [version, known] = *applied.rbegin();
  if (version > migrations_.back().version)
    refuse("the database has migration " + known.first +
           ", which this version does not know; install the version that made it, or a newer one");
  refuse("the database was made with migration " + known.first + ", which is missing; install the migrations again");
}

std::vector<std::string> Schema::missing(Session& session) const {
  std::vector<std::string> names;
  for (const Migration* migration : compare(session)) names.push_back(migration->name);
  if (names.empty()) {
    refuseAltered(session);
    refuseWithoutRights(session);
  }
  return names;
}

void Schema::apply(Session& session, const Migration& migration) {
  Transaction transaction(session);
  try {
    session.script(migration.text);
  } catch (const Fault& fault) {
    if (fault.kind != FaultClass::Never) throw;
    refuse("migration " + migration.name + " does not run: " + fault.what());
  }
  session.execute(sql::kRememberMigration, migration.version, std::string_view(migration.name),
                  std::string_view(migration.checksum));
  transaction.commit();
}

std::uint32_t Schema::migrate(Session& session) const {
  if (missing(session).empty()) return 0;
  const MigrationLock lock(session);
  try {
    session.script(std::string(sql::kCreateMigrations));
  } catch (const Fault& fault) {
    if (fault.sqlstate == "42501")
      refuse(
          "the role may not make the schema penstock; GRANT CREATE ON DATABASE to it, or run penstockd --migrate as "
          "one that may");
    throw;
  }
  std::uint32_t applied = 0;
  for (const Migration* migration : compare(session)) {
    apply(session, *migration);
    ++applied;
  }
  return applied;
}

std::string migrated(std::uint32_t applied) {
  if (applied == 0) return "the schema was up to date";
  return std::to_string(applied) + (applied == 1 ? " migration was applied" : " migrations were applied");
}

}  // namespace penstock::postgres
