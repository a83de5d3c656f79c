#include "app/signals.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(Signals, TellEachThatWaitsOnceAndAFatalFirst) {
  Signals signals;
  signals.raiseAsked();
  signals.raiseAsked();
  signals.raiseFatal();
  int signal = 7;
  EXPECT_EQ(signals.next(signal), Wake::Fatal);
  EXPECT_EQ(signal, 0);
  EXPECT_EQ(signals.next(signal), Wake::Asked);
  EXPECT_EQ(signal, 0);
  signals.raiseAsked();
  EXPECT_EQ(signals.next(signal), Wake::Asked);
}

}  // namespace
}  // namespace penstock
