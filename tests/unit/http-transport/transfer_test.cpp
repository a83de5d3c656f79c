#include "http-transport/transfer.h"

#include "receiver.h"
#include "support/running_clock.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <variant>

namespace penstock::http_transport {
namespace {

using std::chrono::seconds;

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// As when the name is looked up again for another request before libcurl connects for this one.
TEST(Transfer, AnAddressThatWasNotCheckedIsNotConnectedAndTheNextTryMayWork) {
  Receiver receiver([](Receiver::Connection& connection) { connection.waitForEnd(); });
  test::RunningClock clock;
  const std::string authority = "hooks.internal:" + std::to_string(receiver.port());
  const std::unique_ptr<curl_slist, FreeList> changed(curl_slist_append(nullptr, (authority + ":127.0.0.1").c_str()));
  const TransferSettings settings{seconds(5), seconds(5), 1024, {}};
  const std::string url = "http://" + authority + "/";
  Transfer transfer(1, OutboundRequest{.method = "POST", .url = url, .headers = {}, .body = "x"}, Target::parse(url),
                    clock.now(), clock.now() + seconds(20), [](const SendOutcome&) {});
  CURL* easy = transfer.prepare(settings, nullptr, {parseAddress("127.0.0.9").value()}, clock);
  ASSERT_EQ(curl_easy_setopt(easy, CURLOPT_RESOLVE, changed.get()), CURLE_OK);
  const SendOutcome outcome = transfer.outcome(curl_easy_perform(easy));
  const auto* failure = std::get_if<SendFailure>(&outcome);
  ASSERT_NE(failure, nullptr);
  EXPECT_EQ(failure->fault, SendFault::Unreachable);
  EXPECT_FALSE(failure->may_have_left);
  EXPECT_EQ(failure->sentence, authority + " was to be reached by an address that had not been checked");
  EXPECT_EQ(receiver.connections(), 0);
}

}  // namespace
}  // namespace penstock::http_transport
