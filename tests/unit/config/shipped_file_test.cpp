#include "app/system_clock.h"
#include "config/configuration.h"
#include "config/host_rows.h"
#include "config/typed_value.h"
#include "http/config.h"
#include "plugins/http-ingest/config.h"
#include "plugins/http-transport/config.h"
#include "plugins/memory-queue/config.h"
#include "plugins/metrics/config.h"
#include "plugins/pg-queue/config.h"
#include "plugins/pg-store/config.h"
#include "plugins/redis-cache/config.h"
#include "plugins/shared/postgres/config.h"
#include "plugins/sqlite-queue/config.h"
#include "plugins/sqlite-store/config.h"
#include "plugins/worker/config.h"
#include "policy/config.h"
#include "policy/provider_declaration.h"
#include "support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace penstock::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::filesystem::path kCheckout = PENSTOCK_CHECKOUT;

const ProviderDeclarations& shippedProviders() {
  static SystemClock clock;
  static const ProviderDeclarations declarations = readDeclarations(kCheckout / "scripts", clock);
  return declarations;
}

std::vector<Section> makeSections() {
  std::vector<Section> sections{{"", kHostRows},
                                {"http", kHttpRows},
                                {"policy", kPolicyRows},
                                {"retry", kRetryRows},
                                {"routes", kRouteRows},
                                {"shutdown", kShutdownRows},
                                {"logging", kLoggingRows},
                                {"http-ingest", kIngestRows},
                                {"memory-queue", memory_queue::kRows},
                                {"sqlite-queue", sqlite_queue::kRows},
                                {"pg-queue", pg_queue::kRows},
                                {"sqlite-store", sqlite_store::kRows},
                                {"pg", postgres::kRows, false},
                                {"pg-store", pg_store::kRows, false},
                                {"http-transport", http_transport::kRows},
                                {"worker", kWorkerRows},
                                {"redis-cache", redis_cache::kRows, false},
                                {"metrics", kMetricsRows}};
  for (const auto& provider : shippedProviders().providers)
    sections.push_back({"providers." + provider->name, provider->rows, false});
  return sections;
}

const std::vector<Section>& everySection() {
  static const std::vector<Section> sections = makeSections();
  return sections;
}

/// Providers that somebody has to have an account with are not set up.
bool isSetUp(const Section& section, const Layer& layer) {
  if (!section.name.starts_with("providers.")) return true;
  const auto first = layer.values.lower_bound(section.name + '.');
  return first != layer.values.end() && first->first.starts_with(section.name + '.');
}

Configuration shipped(std::map<std::string, std::string> environment, const std::string& file = "penstock.lua") {
  ConfigSource source;
  source.file = kCheckout / "config" / file;
  source.environment = [environment](std::string_view name) -> std::optional<std::string> {
    const auto found = environment.find(std::string(name));
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  };
  return Configuration::load(source);
}

TEST(ShippedFile, ShowsEveryRowWithItsDefaultAndNothingElse) {
  const Layer layer = evaluateLua(kCheckout / "config/penstock.lua", "penstock.lua", {});
  std::set<std::string> declared;
  for (const Section& section : everySection()) {
    if (!isSetUp(section, layer)) continue;
    for (const ConfigRow& row : section.rows) {
      if (isWildcard(row) || row.secret) continue;
      const std::string key = (section.name.empty() ? "" : section.name + '.') + std::string(row.key);
      declared.insert(key);
      const auto written = layer.values.find(key);
      if (written == layer.values.end()) {
        ADD_FAILURE() << key << " is not shown";
        continue;
      }
      const Parsed value = parseValue(row, written->second);
      const Parsed fallback = parseFallback(row);
      ASSERT_TRUE(value.value && fallback.value) << key << ' ' << value.fault;
      EXPECT_TRUE(sameValue(*value.value, *fallback.value))
          << key << " is shown as " << plainText(written->second) << ", its default is " << row.fallback;
    }
  }
  EXPECT_TRUE(declared.contains("providers.mock.seed"));
  for (const auto& [key, value] : layer.values) EXPECT_TRUE(declared.contains(key)) << key << " has no row";
}

TEST(ShippedFile, KnowsEveryPluginOfTheTree) {
  std::set<std::string> names;
  for (const Section& section : everySection()) names.insert(section.name);
  for (const auto& entry : std::filesystem::directory_iterator(kCheckout / "plugins")) {
    if (!std::filesystem::exists(entry.path() / "config.h")) continue;
    EXPECT_TRUE(names.contains(entry.path().filename().string())) << entry.path();
  }
}

TEST(ShippedFile, HasNoFaults) {
  shipped({}).check(everySection());
  shipped({}, "dev.lua").check(everySection());
}

TEST(ShippedFile, EveryRowHasASentence) {
  for (const Section& section : everySection())
    for (const ConfigRow& row : section.rows) EXPECT_TRUE(row.text.ends_with('.')) << section.name << '.' << row.key;
}

TEST(ShippedFile, ReadsTheEnvironmentThatOperatorsKnow) {
  const Configuration configuration = shipped({{"PORT", "9000"},
                                               {"DATA_DIR", "/d"},
                                               {"SCRIPTS_DIR", "/s"},
                                               {"QUEUE_BACKEND", "memory"},
                                               {"STORE_BACKEND", "sqlite"},
                                               {"WORKER_CONCURRENCY", "9"},
                                               {"RETRY_MAX_ATTEMPTS", "3"},
                                               {"RETRY_MAX_AGE", "1h"},
                                               {"RETRY_BACKOFF_MIN", "2s"},
                                               {"RETRY_BACKOFF_MAX", "30m"},
                                               {"DLQ_RETENTION", "7d"},
                                               {"SSRF_ALLOWLIST", "hooks.internal, .lan.example"},
                                               {"INTERVAL", "2m"},
                                               {"BATCH", "7"},
                                               {"AUTOSTART", "false"},
                                               {"LOG_LEVEL", "WARN"}});
  configuration.check(everySection());
  const auto poco = configuration.poco(everySection());
  EXPECT_EQ(poco->getString("http.public.port"), "9000");
  EXPECT_EQ(poco->getString("data_dir"), "/d");
  EXPECT_EQ(poco->getString("scripts_dir"), "/s");
  EXPECT_EQ(poco->getString("worker.concurrency"), "9");
  EXPECT_EQ(poco->getString("retry.max_attempts"), "3");
  EXPECT_EQ(poco->getString("retry.max_age"), "1h");
  EXPECT_EQ(poco->getString("retry.backoff_min"), "2s");
  EXPECT_EQ(poco->getString("retry.backoff_max"), "30m");
  EXPECT_EQ(poco->getString("memory-queue.dead_letter_retention"), "7d");
  EXPECT_EQ(configuration.section({"http-transport", http_transport::kRows})->list("allow"),
            (std::vector<std::string>{"hooks.internal", ".lan.example"}));
  EXPECT_EQ(poco->getString("worker.interval"), "2m");
  EXPECT_EQ(poco->getString("worker.batch"), "7");
  EXPECT_EQ(poco->getString("worker.autostart"), "false");
  EXPECT_EQ(poco->getString("logging.level"), "warning");
}

TEST(ShippedFile, TheEnvironmentChoosesPlugins) {
  EXPECT_THAT(shipped({}).plugins(),
              ElementsAre("http-ingest", "sqlite-queue", "sqlite-store", "worker", "http-transport", "metrics"));
  const Configuration without = shipped({{"WORKER_ENABLED", "false"}});
  EXPECT_THAT(without.plugins(), ElementsAre("http-ingest", "sqlite-queue", "sqlite-store", "metrics"));
  without.check(everySection());
}

TEST(ShippedFile, TheEnvironmentChoosesTheDatabaseAndItsAddressStaysSecret) {
  const Configuration configuration =
      shipped({{"STORE_BACKEND", "pg"}, {"QUEUE_BACKEND", "pg"}, {"DATABASE_URL", "postgres://me:hush@there/db"}});
  EXPECT_THAT(configuration.plugins(),
              ElementsAre("http-ingest", "pg-queue", "pg-store", "worker", "http-transport", "metrics"));
  std::vector<Section> sections{{"pg", postgres::kRows}};
  EXPECT_EQ(configuration.section(sections.front())->secret("url").reveal(), "postgres://me:hush@there/db");
  EXPECT_THAT(configuration.show(sections), testing::AllOf(HasSubstr("***"), testing::Not(HasSubstr("hush"))));
}

TEST(ShippedFile, ADatabaseWithoutAnAddressIsAFaultWhenAPluginNeedsIt) {
  const std::vector<Section> sections{{"pg", postgres::kRows}};
  EXPECT_THROW(shipped({{"STORE_BACKEND", "pg"}}).section(sections.front()), ConfigurationFaults);
}

TEST(ShippedFile, TheEnvironmentAddsTheCacheAndItsAddressStaysSecret) {
  const Configuration configuration = shipped({{"REDIS_URL", "redis://:hush@there"}, {"REDIS_TTL", "1h"}});
  EXPECT_THAT(configuration.plugins(), testing::Contains("redis-cache"));
  const std::vector<Section> sections{{"redis-cache", redis_cache::kRows}};
  EXPECT_EQ(configuration.section(sections.front())->secret("url").reveal(), "redis://:hush@there");
  EXPECT_EQ(configuration.section(sections.front())->duration("ttl"), std::chrono::hours(1));
  EXPECT_THAT(configuration.show(sections), testing::AllOf(HasSubstr("***"), testing::Not(HasSubstr("hush"))));
}

TEST(ShippedFile, AnUnknownWordInTheEnvironmentIsAFaultThatNamesIt) {
  for (const auto& [name, expected] :
       std::map<std::string, std::string>{{"QUEUE_BACKEND", "expected memory, pg, sqlite"},
                                          {"STORE_BACKEND", "expected pg, sqlite"},
                                          {"WORKER_ENABLED", "expected 0, 1, false, true"},
                                          {"AUTOSTART", "expected 0, 1, false, true"},
                                          {"LOG_LEVEL", "expected critical, debug, error, fatal, info"}}) {
    try {
      shipped({{name, "nonsense"}});
      FAIL() << name;
    } catch (const ConfigurationFaults& failure) {
      EXPECT_THAT(failure.faults, ElementsAre(HasSubstr(name + " = \"nonsense\": " + expected)));
    }
  }
}

TEST(ShippedFile, AnUnknownBackendIsAFaultThatNamesTheWordThatIsToBeMended) {
  std::stringstream text;
  text << std::ifstream(kCheckout / "config/penstock.lua").rdbuf();
  std::string edited = text.str();
  const std::string shipped_word = "local backend = \"sqlite\"";
  const auto place = edited.find(shipped_word);
  ASSERT_NE(place, std::string::npos);
  edited.replace(place, shipped_word.size(), "local backend = \"memory\"");  // a queue, but no store
  const TemporaryFolder folder;
  ConfigSource source;
  source.file = folder.path() / "penstock.lua";
  std::ofstream(source.file) << edited;
  source.environment = [](std::string_view) { return std::nullopt; };
  try {
    Configuration::load(source);
    FAIL();
  } catch (const ConfigurationFaults& failure) {
    EXPECT_THAT(failure.faults, ElementsAre(HasSubstr("backend = \"memory\": expected pg, sqlite")));
  }
}

TEST(ShippedFile, AWrongNumberInTheEnvironmentIsAFaultThatNamesIt) {
  try {
    shipped({{"PORT", "http"}}).check(everySection());
    FAIL();
  } catch (const ConfigurationFaults& failure) {
    EXPECT_THAT(
        failure.faults,
        ElementsAre("penstock.lua: http.public.port = \"http\": expected a whole number from 0 to 65535 (default "
                    "8080); it comes from the environment variable PORT"));
  }
}

TEST(ShippedFile, ForDevelopmentIsTextAndDebug) {
  const auto poco = shipped({}, "dev.lua").poco();
  EXPECT_EQ(poco->getString("logging.level"), "debug");
  EXPECT_EQ(poco->getString("logging.format"), "text");
  EXPECT_EQ(shipped({{"LOG_LEVEL", "error"}}, "dev.lua").poco()->getString("logging.level"), "error");
}

}  // namespace
}  // namespace penstock::test
