#include "ctl/bench_load.h"
#include "ctl/bench_service.h"
#include "ctl/failure.h"
#include "ctl/interrupt.h"
#include "ctl/members.h"
#include "ctl/output.h"
#include "ctl/progress.h"
#include "ctl/tool.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <cmath>
#include <iostream>
#include <memory>
#include <thread>

// penstockctl bench --here: what this machine can bear, measured on a service of its own.

namespace penstock::ctl {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

/// What is called safe of what was measured: the rest is room for peaks, backups and neighbours.
constexpr double kSafe = 0.7;
constexpr std::chrono::milliseconds kWarmUp{2000};
constexpr std::chrono::milliseconds kLook{200};
constexpr double kShortest = 1;  // seconds of a backlog that its rate is believed for

struct Order {
  bool here = false;
  std::uint32_t seconds = 10;
  std::size_t connections = 64;
  std::string queue = "sqlite";
  std::string folder = "/var/tmp";
};

struct Measured {
  LoadResult accepts;
  double deliveries = 0;         ///< a second, with nothing coming in
  double deliveries_beside = 0;  ///< a second, while messages came in
  bool kept_up = false;          ///< the backlog was too short to measure alone
};

double waiting(const Reading& reading) {
  const json::value* queue = member(reading.status(), "queue");
  double sum = numberIn(reading.status(), "sends_in_flight").value_or(0);
  for (const char* name : {"ready", "leased", "scheduled"})
    if (queue != nullptr) sum += numberIn(*queue, name).value_or(0);
  return sum;
}

/// Lets the backlog of the load go out, for as long as the load took at most.
void measureBacklog(BenchService& service, const Order& order, Progress& progress, Measured& measured) {
  const Reading first = service.read();
  const auto deadline = Clock::now() + std::chrono::seconds(order.seconds);
  const double backlog = waiting(first);
  double seconds = 0;
  for (double left = backlog; left > 0 && Clock::now() < deadline;) {
    pause(kLook);
    Interrupt::check();
    const Reading now = service.read();
    left = waiting(now);
    if (const auto rate = now.rate(first, "sent")) {
      measured.deliveries = *rate;
      seconds = now.uptime() - first.uptime();
    }
    progress.show(1 - left / backlog, "delivering, " + figure(measured.deliveries) + "/s");
  }
  measured.kept_up = seconds < kShortest;
  if (measured.kept_up) measured.deliveries = measured.deliveries_beside;
}

Measured measure(const Order& order) {
  const Interrupt interrupt;
  Progress progress;
  progress.show("starting a penstockd");
  BenchService service(order.folder, order.queue + "-queue");
  Measured measured;
  {
    Load load(service.port(), order.connections);
    const auto whole = std::chrono::duration<double>(kWarmUp).count() + order.seconds;
    const auto watch = [&](double offset, double seconds, std::uint64_t accepted) {
      Interrupt::check();
      const std::string rate = seconds > 0 ? figure(static_cast<double>(accepted) / seconds) + "/s" : "";
      progress.show((offset + seconds) / whole, "accepting, " + rate);
    };
    load.run(kWarmUp, [&](double seconds, std::uint64_t accepted) { watch(0, seconds, accepted); });
    const Reading before = service.read();
    measured.accepts = load.run(std::chrono::seconds(order.seconds), [&](double seconds, std::uint64_t accepted) {
      watch(std::chrono::duration<double>(kWarmUp).count(), seconds, accepted);
    });
    measured.deliveries_beside = service.read().rate(before, "sent").value_or(0);
  }
  measureBacklog(service, order, progress, measured);
  return measured;
}

/// "503 queue_full: The queue is full."
std::string answeredWith(const Problem& problem) {
  return std::to_string(problem.status) + (problem.code.empty() ? "" : " " + problem.code) + ": " + problem.sentence;
}

Failure nothingAccepted(const LoadResult& accepts) {
  std::string sentence = "nothing was accepted";
  if (accepts.refusals.empty()) sentence += ", and nothing was answered; more --seconds give it more time";
  for (const auto& [what, of_it] : accepts.refusals)
    sentence += "; " + plural(of_it.count, "message") + " refused, " + answeredWith(of_it.first);
  return Failure(Exit::Unexpected, sentence);
}

void printJson(const Order& order, const std::string& file_system, const Measured& measured) {
  const auto row = [](double rate) { return json::object{{"measured", rate}, {"safe", rate * kSafe}}; };
  json::object accepts = row(measured.accepts.perSecond());
  accepts.emplace("p50_seconds", measured.accepts.percentile(0.5));
  accepts.emplace("p99_seconds", measured.accepts.percentile(0.99));
  accepts.emplace("refused", measured.accepts.refused());
  json::array refusals;
  for (const auto& [what, of_it] : measured.accepts.refusals)
    refusals.push_back(json::object{{"status", what.first},
                                    {"code", what.second.empty() ? json::value() : json::value(what.second)},
                                    {"count", of_it.count},
                                    {"detail", of_it.first.sentence}});
  accepts.emplace("refusals", std::move(refusals));
  std::cout << json::serialize(json::object{{"accepts_per_second", std::move(accepts)},
                                            {"deliveries_per_second", row(measured.deliveries)},
                                            {"deliveries_beside_accepts_per_second", row(measured.deliveries_beside)},
                                            {"safe_share", kSafe},
                                            {"kept_up", measured.kept_up},
                                            {"queue", order.queue + "-queue"},
                                            {"file_system", file_system},
                                            {"connections", order.connections},
                                            {"seconds", order.seconds},
                                            {"cores", std::thread::hardware_concurrency()}})
            << '\n';
}

void printTable(const Order& order, const std::string& file_system, const Measured& measured) {
  std::cout << plural(std::thread::hardware_concurrency(), "core") << ", " << order.queue << "-queue on " << file_system
            << " in " << printable(order.folder) << ", " << plural(order.connections, "connection") << ", "
            << order.seconds << " s\n";
  Table table({"A SECOND", "MEASURED", "SAFE", "P50", "P99"});
  const auto row = [&](const char* what, double rate, double p50, double p99) {
    table.add({what, figure(rate), figure(rate * kSafe), p50 > 0 ? span(p50) : "-", p99 > 0 ? span(p99) : "-"});
  };
  row("accepts", measured.accepts.perSecond(), measured.accepts.percentile(0.5), measured.accepts.percentile(0.99));
  row("deliveries", measured.deliveries, 0, 0);
  row("deliveries beside accepts", measured.deliveries_beside, 0, 0);
  table.print(std::cout);
  std::cout << "Safe is " << std::lround(kSafe * 100) << " % of what was measured. The load was made on this machine; "
            << "deliveries are the mock provider's,\nso a real one's time and limits come on top.\n";
  if (measured.kept_up) std::cout << "Deliveries kept up with the accepts, so there may be more in them.\n";
  for (const auto& [what, of_it] : measured.accepts.refusals)
    std::cout << plural(of_it.count, "message") << " refused, " << answeredWith(of_it.first) << '\n';
}

void bench(const Tool& tool, const Order& order) {
  if (!order.here)
    throw Failure(Exit::Usage,
                  "say --here: it loads this machine, with a penstockd of its own that is gone afterwards");
  bool memory = false;
  const std::string file_system = fileSystemOf(order.folder, memory);
  if (memory && order.queue != "memory")
    std::cerr << "penstockctl: " << printable(order.folder)
              << " is in memory, so nothing waits for a disk; --folder names a better place\n";
  const Measured measured = measure(order);
  if (measured.accepts.accepted == 0) throw nothingAccepted(measured.accepts);
  if (tool.json)
    printJson(order, file_system, measured);
  else
    printTable(order, file_system, measured);
}

}  // namespace

void addBench(CLI::App& app, const Tool& tool) {
  CLI::App& command =
      *app.add_subcommand("bench", "Measure how many accepts and deliveries a second are safe on this machine");
  const auto order = std::make_shared<Order>();
  command.add_flag("--here", order->here, "Load this machine with a penstockd of its own");
  command.add_option("--seconds", order->seconds, "Length of the load")
      ->check(CLI::Range(1, 120))
      ->capture_default_str();
  command.add_option("--connections", order->connections, "Connections that stay open")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command.add_option("--queue", order->queue, "Engine")
      ->check(CLI::IsMember({"sqlite", "memory"}))
      ->capture_default_str();
  command.add_option("--folder", order->folder, "Where its data goes: a folder on the disk that counts")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  command.callback([&tool, order] { bench(tool, *order); });
}

}  // namespace penstock::ctl
