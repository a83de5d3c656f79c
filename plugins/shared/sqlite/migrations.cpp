#include "shared/sqlite/migrations.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <system_error>
#include <vector>

#include "penstock/identity.h"
#include "penstock/plugin.h"
#include "shared/sqlite/fault.h"

namespace penstock::sqlite {

namespace {

constexpr std::string_view kCreateTable =
    "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT "
    "NULL, applied_at INTEGER NOT NULL)";
constexpr std::string_view kFindApplied = "SELECT checksum FROM schema_migrations WHERE version = ?1";
constexpr std::string_view kNewestApplied = "SELECT version, name FROM schema_migrations ORDER BY version DESC LIMIT 1";
constexpr std::string_view kRememberApplied =
    "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4)";
constexpr std::size_t kVersionDigits = 4;

struct Migration {
  std::int64_t version = 0;
  std::string name;
  std::string text;
  std::string checksum;
};

[[noreturn]] void refuse(const std::string& sentence) { throw StartFailure(sentence, true); }

std::int64_t versionOf(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  std::int64_t version = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + std::min(kVersionDigits, name.size()), version);
  if (error != std::errc() || end != name.data() + kVersionDigits || name.size() <= kVersionDigits ||
      name[kVersionDigits] != '_' || version < 1)
    refuse("migration " + file.string() + " is not named NNNN_name.sql; remove or rename it");
  return version;
}

Migration readMigration(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream || text.empty()) refuse("migration " + file.string() + " cannot be read; install the migrations again");
  std::string checksum = Digest128::of({text}).hex();
  return {versionOf(file), file.filename().string(), std::move(text), std::move(checksum)};
}

std::vector<Migration> readMigrations(const std::string& directory) {
  std::error_code error;
  std::map<std::int64_t, Migration> migrations;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() != ".sql") continue;
    Migration migration = readMigration(entry->path());
    const auto [known, added] = migrations.try_emplace(migration.version, migration);
    if (!added) refuse("migrations " + known->second.name + " and " + migration.name + " have the same number");
  }
  if (error) refuse("the migrations in " + directory + " cannot be read: " + error.message());
  if (migrations.empty()) refuse("there are no migrations in " + directory + "; install the migrations again");
  std::vector<Migration> ordered;
  for (auto& [version, migration] : migrations) ordered.push_back(std::move(migration));
  return ordered;
}

std::optional<std::string> appliedChecksum(Session& session, std::int64_t version) {
  Rows rows = session.query(kFindApplied, version);
  if (!rows.next()) return std::nullopt;
  return std::string(rows.text(0));
}

bool apply(Session& session, const Migration& migration, WallTime now) {
  Transaction transaction(session);
  if (const auto checksum = appliedChecksum(session, migration.version)) {
    if (*checksum != migration.checksum)
      refuse("migration " + migration.name +
             " is not the one this database was made with; migrations are never changed: restore the file, or the "
             "database it belongs to");
    return false;
  }
  try {
    session.script(migration.text);
  } catch (const Fault& fault) {
    if (fault.kind == FaultClass::Corrupt || (fault.code & 0xff) != 1) throw;
    refuse("migration " + migration.name + " does not run: " + fault.what());
  }
  session.execute(kRememberApplied, migration.version, migration.name, migration.checksum,
                  now.time_since_epoch().count());
  transaction.commit();
  return true;
}

}  // namespace

std::uint32_t migrate(Session& session, const std::string& directory, WallTime now) {
  const std::vector<Migration> migrations = readMigrations(directory);
  session.execute(kCreateTable);
  if (Rows newest = session.query(kNewestApplied); newest.next() && newest.integer(0) > migrations.back().version)
    refuse("the database has migration " + std::string(newest.text(1)) +
           ", which this version does not know; install the version that made it, or a newer one");
  std::uint32_t applied = 0;
  for (const Migration& migration : migrations)
    if (apply(session, migration, now)) ++applied;
  return applied;
}

}  // namespace penstock::sqlite
