#include "ctl/failure.h"
#include "ctl/interrupt.h"
#include "ctl/members.h"
#include "ctl/output.h"
#include "ctl/process.h"
#include "ctl/progress.h"
#include "ctl/tool.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string_view>

// penstockctl drain: the service finishes what it has in hand and ends.

namespace penstock::ctl {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{100};
constexpr const char* kDaemon = "penstockd";

struct Order {
  bool no_wait = false;
  std::uint32_t seconds = 0;
};

/// How the end of a service is seen: by its process where that is one of this machine, else by its socket, which it
/// removes last.
class End {
public:
  End(const std::string& place, pid_t pid) {
    if (isHere(place)) process_ = ProcessWatch::open(pid, kDaemon);
    std::error_code unseen;
    if (!process_ && std::filesystem::is_socket(place, unseen)) socket_ = place;
  }
  bool canBeSeen() const { return process_.has_value() || !socket_.empty(); }
  bool came() const {
    std::error_code unseen;
    return process_ ? process_->ended() : !std::filesystem::is_socket(socket_, unseen);
  }

private:
  static bool isHere(const std::string& place) {
    if (!place.starts_with("http://")) return true;
    const std::string_view host = std::string_view(place).substr(std::string_view("http://").size());
    return host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]");
  }

  std::optional<ProcessWatch> process_;
  std::filesystem::path socket_;
};

/// Longer than the service gives itself, for plugins that close after the deadline.
std::chrono::milliseconds patience(const json::value& answer, const Order& order) {
  if (order.seconds > 0) return std::chrono::seconds(order.seconds);
  return std::chrono::milliseconds(numberOf(answer, "drain_timeout_ms")) + std::chrono::seconds(30);
}

void await(const End& end, std::chrono::milliseconds patience) {
  const Interrupt interrupt;
  Progress progress;
  const auto begin = Clock::now();
  while (!end.came()) {
    const auto gone = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
    if (gone >= patience)
      throw Failure(Exit::TooLong, "the service still drains after " + span(static_cast<double>(gone.count()) / 1000) +
                                       "; its log says what it waits for");
    progress.show(static_cast<double>(gone.count()) / static_cast<double>(patience.count()),
                  "draining for " + span(static_cast<double>(std::chrono::floor<std::chrono::seconds>(gone).count())));
    pause(kLook);
    if (Interrupt::signal() != 0)
      throw Failure(static_cast<Exit>(128 + Interrupt::signal()), "no longer waiting; the service goes on draining");
  }
}

void drain(const Tool& tool, const Order& order) {
  const std::string place = tool.adminPlace();
  Client client = tool.admin();
  const auto pid = static_cast<pid_t>(numberOf(client.get("/admin/status").body, "pid"));
  const End end(place, pid);  // before the drain, so that nobody else can have its number by then
  const Answer answer = client.post("/admin/drain");
  const bool waits = !order.no_wait && end.canBeSeen();
  const auto begin = Clock::now();
  if (waits) await(end, patience(answer.body, order));
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  if (tool.json) {
    json::object told = answer.body.as_object();
    told["status"] = waits ? "ended" : "draining";
    if (waits) told["seconds"] = seconds;
    std::cout << json::serialize(told) << '\n';
  } else if (waits) {
    std::cout << "drained in " << span(seconds) << "; the service has ended\n";
  } else {
    std::cout << "the service drains\n";
  }
  if (!order.no_wait && !waits) std::cerr << "penstockctl: its end cannot be seen from here\n";
}

}  // namespace

void addDrain(CLI::App& app, const Tool& tool) {
  CLI::App& command = *app.add_subcommand("drain", "Let the service finish what it has in hand and end, as TERM does");
  const auto order = std::make_shared<Order>();
  command.add_flag("--no-wait", order->no_wait, "Come back at once instead of when the service has ended");
  command.add_option("--for", order->seconds, "Seconds to wait at most; 0: its drain_timeout and 30 s")
      ->check(CLI::Range(0, 86'400))
      ->capture_default_str();
  command.callback([&tool, order] { drain(tool, *order); });
}

}  // namespace penstock::ctl
