#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <random>

#include "conformance/store/suite.h"

extern char** environ;

namespace penstock::test {
namespace {

/// The writer, killed once it has said `lines` ids.
std::vector<Uuid> idsOfKilledWriter(const Overrides& configuration, std::size_t lines) {
  std::vector<std::string> words{PENSTOCK_STORE_WRITER, storeUnderTest().file, storeUnderTest().migrations};
  for (const auto& [key, value] : configuration) words.push_back(key + "=" + value);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  int ends[2] = {};
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);

  std::vector<Uuid> ids;
  std::FILE* output = fdopen(ends[0], "r");
  char line[64];
  bool killed = false;
  while (std::fgets(line, sizeof line, output) != nullptr) {
    if (const auto id = Uuid::parse(std::string_view(line).substr(0, 36))) ids.push_back(*id);
    if (!killed && ids.size() >= lines) killed = kill(child, SIGKILL) == 0;
  }
  std::fclose(output);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the writer ended by itself";
  return ids;
}

TEST(DurabilityCase, WhatWasCommittedIsThereAfterAKillAndTheCountersAgree) {
  std::random_device entropy;
  const unsigned seed = entropy();
  RecordProperty("seed", static_cast<int>(seed));
  std::mt19937 random(seed);
  const TemporaryFolder folder;
  const Overrides configuration = storeUnderTest().fresh(folder.path());

  const std::vector<Uuid> ids = idsOfKilledWriter(configuration, 1 + random() % 1500);
  ASSERT_FALSE(ids.empty());
  PluginFixture plugin(storeUnderTest().file, configuration, storeUnderTest().migrations);
  plugin.start();
  Reader& reader = plugin.get<Reader>();
  for (const Uuid& id : ids) EXPECT_TRUE(reader.message(id)) << id.text() << " is lost, seed " << seed;

  std::uint64_t stored = 0;
  const auto listing = reader.conversations({}, {});
  EXPECT_EQ(listing.total, listing.items.size());
  for (const ConversationView& conversation : listing.items) {
    std::uint64_t counted = 0;
    for (Page page{1, 50};; ++page.number) {
      const auto messages = reader.messages(conversation.id, page);
      if (messages->items.empty()) break;
      counted += messages->items.size();
    }
    EXPECT_EQ(counted, conversation.message_count);
    stored += counted;
  }
  EXPECT_GE(stored, ids.size());
  EXPECT_EQ(stored % 20, 0u) << "half a span is there, seed " << seed;
  plugin.stop();
  EXPECT_EQ(storeUnderTest().damage(configuration), "");
}

}  // namespace
}  // namespace penstock::test
