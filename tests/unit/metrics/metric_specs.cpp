#include "penstock/metrics.h"

namespace {

using namespace penstock;

[[maybe_unused]] constexpr CounterSpec kGood{"penstock_tests_total", "Tests that were run."};
[[maybe_unused]] constexpr GaugeSpec kGauge{"process_tests", "Tests that run now."};
[[maybe_unused]] constexpr HistogramSpec kHistogram{"penstock_test_seconds", "Time of a test.", Buckets::Wait};

#ifdef NO_HELP
constexpr CounterSpec kBad{"penstock_tests_total"};
#endif
#ifdef NO_SENTENCE
constexpr CounterSpec kBad{"penstock_tests_total", "tests"};
#endif
#ifdef WRONG_PREFIX
constexpr CounterSpec kBad{"tests_total", "Tests that were run."};
#endif
#ifdef COUNTER_WITHOUT_TOTAL
constexpr CounterSpec kBad{"penstock_tests", "Tests that were run."};
#endif
#ifdef GAUGE_WITH_TOTAL
constexpr GaugeSpec kBad{"penstock_tests_total", "Tests that run now."};
#endif
#ifdef HISTOGRAM_WITHOUT_UNIT
constexpr HistogramSpec kBad{"penstock_test", "Time of a test.", Buckets::Wait};
#endif

}  // namespace
