#include "ctl/process.h"

#include "ctl/failure.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <csignal>
#include <optional>
#include <utility>

namespace penstock::ctl {
namespace {

/// The process, once it goes by that name.
ProcessWatch watchOf(const Child& child, const char* name) {
  for (;;)
    if (auto watch = ProcessWatch::open(child.pid(), name)) return std::move(*watch);
}

TEST(Process, WhatItSaysOnBothSidesIsKeptApart) {
  const Said said = runToEnd({"/bin/sh", "-c", "echo out; echo err >&2; exit 7"});
  EXPECT_EQ(said.status, 7);
  EXPECT_EQ(said.out, "out\n");
  EXPECT_EQ(said.err, "err\n");
}

TEST(Process, MoreThanAPipeHoldsDoesNotStopIt) {
  const Said said = runToEnd({"/bin/sh", "-c", "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2"});
  EXPECT_EQ(said.out.size(), 300'000U);
  EXPECT_EQ(said.err.size(), 300'000U);
}

TEST(Process, OneThatCannotRunIsAFailure) { EXPECT_THROW(runToEnd({"/nonexistent/penstockd"}), Failure); }

TEST(Process, AWatchSeesTheEndAndWantsTheRightName) {
  std::optional<ProcessWatch> watch;
  {
    Child child({"/bin/sleep", "600"}, {}, STDERR_FILENO, STDERR_FILENO);
    watch.emplace(watchOf(child, "sleep"));
    EXPECT_FALSE(ProcessWatch::open(child.pid(), "penstockd"));
    EXPECT_FALSE(watch->ended());
    EXPECT_FALSE(child.ended());
    child.terminate();
    EXPECT_EQ(child.await(std::chrono::seconds(30)), 128 + SIGTERM);
  }
  EXPECT_TRUE(watch->ended());
  EXPECT_FALSE(ProcessWatch::open(-1, "sleep"));
}

TEST(Process, AChildDoesNotOutliveItsObject) {
  std::optional<ProcessWatch> watch;
  {
    const Child child({"/bin/sleep", "600"}, {}, STDERR_FILENO, STDERR_FILENO);
    watch.emplace(watchOf(child, "sleep"));
  }
  EXPECT_TRUE(watch->ended());
}

}  // namespace
}  // namespace penstock::ctl
