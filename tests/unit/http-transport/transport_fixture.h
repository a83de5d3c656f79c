#pragma once

#include "support/plugin_fixture.h"
#include "support/running_clock.h"

#include "penstock/transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <variant>

namespace penstock::http_transport {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// The real plugin, which may send to the loopback interface.
class TransportTest : public testing::Test {
protected:
  void open(test::Overrides overrides = {}) {
    overrides.try_emplace("allow", "127.0.0.1");
    fixture = std::make_unique<test::PluginFixture>(PENSTOCK_HTTP_TRANSPORT, &clock, std::move(overrides));
    fixture->start();
  }
  Transport& transport() {
    if (!fixture) open();
    return fixture->get<Transport>();
  }

  std::future<SendOutcome> send(OutboundRequest request, Duration patience = seconds(20)) {
    auto promise = std::make_shared<std::promise<SendOutcome>>();
    auto outcome = promise->get_future();
    transport().send(std::move(request), clock.now() + patience,
                     [promise](SendOutcome told) { promise->set_value(std::move(told)); });
    return outcome;
  }
  static OutboundRequest post(const std::string& url, const std::string& body = "hello") {
    return {.method = "POST", .url = url, .headers = {{"Content-Type", "text/plain"}}, .body = body};
  }
  OutboundResponse answered(OutboundRequest request) {
    SendOutcome outcome = send(std::move(request)).get();
    if (const auto* failure = std::get_if<SendFailure>(&outcome)) {
      ADD_FAILURE() << failure->sentence;
      return {};
    }
    return std::get<OutboundResponse>(std::move(outcome));
  }
  SendFailure failed(OutboundRequest request, Duration patience = seconds(20)) {
    SendOutcome outcome = send(std::move(request), patience).get();
    if (const auto* response = std::get_if<OutboundResponse>(&outcome)) {
      ADD_FAILURE() << "answered " << response->status;
      return {};
    }
    return std::get<SendFailure>(std::move(outcome));
  }

  test::RunningClock clock;
  std::unique_ptr<test::PluginFixture> fixture;
};

}  // namespace penstock::http_transport
