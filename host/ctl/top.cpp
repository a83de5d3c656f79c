#include "ctl/failure.h"
#include "ctl/interrupt.h"
#include "ctl/members.h"
#include "ctl/output.h"
#include "ctl/reading.h"
#include "ctl/screen.h"
#include "ctl/terminal.h"
#include "ctl/tool.h"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

// penstockctl top: the service as it goes.

namespace penstock::ctl {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds kLongestCall{2000};  // at a terminal: keys and Ctrl-C wait for it

struct Order {
  std::uint32_t interval = 1000;
  std::uint64_t count = 0;
};

/// The readings one after the other, each beside the one before.
class Series {
public:
  explicit Series(Client client) : client_(std::move(client)) {}

  void next() {
    Reading taken = Reading::take(client_);
    before_ = std::exchange(now_, std::optional<Reading>(std::move(taken)));
  }
  const Reading& now() const { return *now_; }
  const Reading* before() const { return before_ ? &*before_ : nullptr; }

private:
  Client client_;
  std::optional<Reading> before_;
  std::optional<Reading> now_;
};

void watch(const Tool& tool, const Order& order) {
  Series series(Client::admin(tool.adminPlace(), std::min(tool.timeout(), kLongestCall)));
  series.next();  // one that never answers is a failure, not a screen
  Terminal terminal;
  for (std::uint64_t shown = 1;; ++shown) {
    std::string away;  // why there is no answer
    const auto draw = [&] {
      const std::size_t columns = Terminal::columns();
      std::vector<std::string> lines;
      if (!away.empty())
        lines = wrapped("NO ANSWER  ", std::vector{away, std::string("below is what was known last")}, columns);
      const auto screen = screenOf(series.now(), away.empty() ? series.before() : nullptr, columns);
      lines.insert(lines.end(), screen.begin(), screen.end());
      lines.insert(lines.end(), {"", "q or Ctrl-C leaves; every " + span(order.interval / 1000.0)});
      terminal.draw(lines);
    };
    draw();
    if (order.count > 0 && shown >= order.count) return;
    for (;;) {
      const Woken woken = terminal.wait(std::chrono::milliseconds(order.interval));
      if (woken == Woken::Quit) return;
      if (woken == Woken::Resized) {
        draw();
        continue;
      }
      try {
        series.next();
        break;
      } catch (const Failure& failure) {
        away = failure.what();
        away.resize(std::min(away.find('\n'), away.size()));
        draw();
      }
    }
  }
}

std::string lineOf(const Series& series) {
  const json::value& queue = series.now().status().at("queue");
  std::string text;
  for (const char* name : {"ready", "leased", "scheduled", "dead"}) {
    const auto count = numberIn(queue, name);
    text += std::string(name) + " " + (count ? figure(*count) : "-") + "  ";
  }
  const auto oldest = numberIn(queue, "oldest_ready_age_seconds");
  text += "oldest " + (oldest ? span(*oldest) : "-");
  if (series.before() == nullptr) return text;
  for (const char* name : {"accepted", "persisted", "sent", "dead"}) {
    const auto rate = series.now().rate(*series.before(), name);
    text += "  " + std::string(name) + "/s " + (rate ? figure(*rate) : "-");
  }
  return text;
}

void print(const Tool& tool, const Order& order) {
  const Interrupt interrupt;
  Series series(tool.admin());
  for (std::uint64_t shown = 1; Interrupt::signal() == 0; ++shown) {
    series.next();
    if (tool.json) {
      json::object answer = series.now().status().as_object();
      answer["rates"] = series.before() != nullptr ? json::value(series.now().rates(*series.before())) : json::value();
      std::cout << json::serialize(answer) << std::endl;
    } else {
      std::cout << lineOf(series) << std::endl;
    }
    if (!std::cout) return;  // which is said where it ends
    if (order.count > 0 && shown >= order.count) return;
    pause(std::chrono::milliseconds(order.interval));
  }
}

}  // namespace

void addTop(CLI::App& app, const Tool& tool) {
  CLI::App& command = *app.add_subcommand(
      "top", "The same screen, live; plain lines where there is no terminal. q and Ctrl-C leave, with status 0");
  const auto order = std::make_shared<Order>();
  command.add_option("--interval", order->interval, "Milliseconds between two looks")
      ->check(CLI::Range(100, 3'600'000))
      ->capture_default_str();
  command.add_option("--count", order->count, "So many looks, then leave; 0: for ever")->capture_default_str();
  command.callback([&tool, order] {
    if (Terminal::is() && !tool.json)
      watch(tool, *order);
    else
      print(tool, *order);
  });
}

}  // namespace penstock::ctl
