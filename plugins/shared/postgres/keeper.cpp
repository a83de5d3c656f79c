#include "shared/postgres/keeper.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

namespace penstock::postgres {

namespace {

constexpr std::string_view kMigrations = "postgres";
constexpr Duration kBeat = std::chrono::milliseconds(500);
// Together, how long a server that hangs goes unnoticed.
constexpr Duration kPing = std::chrono::seconds(2);
constexpr Duration kPatience = std::chrono::seconds(5);
constexpr Duration kLook = std::chrono::seconds(10);
constexpr Duration kHeartbeatLimit = std::chrono::minutes(2);

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

}  // namespace

std::string migrationsOf(const Context& context) {
  return (std::filesystem::path(context.migrations_directory) / std::string(kMigrations)).string();
}

Keeper::Keeper(Context& context, const Settings& settings, Condition& condition, const DatabaseMetrics& metrics,
               Calls calls)
    : context_(context),
      settings_(settings),
      condition_(condition),
      calls_(std::move(calls)),
      schema_(migrationsOf(context)),
      observer_(context.log, metrics, calls_.what),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_ < 0) throw std::system_error(errno, std::generic_category(), "making an eventfd");
  try {
    connect();
  } catch (const Fault& fault) {
    condition_.bad(fault.what());
  } catch (...) {
    ::close(wake_);
    throw;
  }
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Keeper::~Keeper() {
  thread_.request_stop();
  look();
  thread_.join();
  ::close(wake_);
}

void Keeper::look() noexcept {
  const std::uint64_t one = 1;
  // A full counter wakes as well.
  [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
}

void Keeper::sleep(Duration time) {
  pollfd descriptor{wake_, POLLIN, 0};
  ::poll(&descriptor, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(time).count()));
}

void Keeper::connect() {
  auto session = std::make_unique<Session>(settings_.session);
  if (settings_.migrate) {
    const std::uint32_t applied = schema_.migrate(*session);
    if (applied != 0)
      context_.log.information(calls_.what + ".migrated", "The schema of the database was brought up to date.",
                               {{"migrations", std::to_string(applied)}});
  } else if (const auto missing = schema_.missing(*session); !missing.empty()) {
    throw StartFailure("the schema lacks " + joined(missing) + "; run penstockd --migrate, or set pg.migrate = true",
                       true);
  }
  session->script(std::string(calls_.listen));
  session_ = std::move(session);
  calls_.checked(true);
  condition_.good();
}

void Keeper::run(const std::stop_token& stop) {
  Backoff backoff(settings_.reconnect);
  while (!stop.stop_requested()) {
    if (session_)
      listen(stop);
    else
      tryToConnect(stop, backoff);
  }
}

void Keeper::tryToConnect(const std::stop_token& stop, Backoff& backoff) {
  const SteadyTime deadline = SteadyTime(std::chrono::steady_clock::now()) + backoff.next();
  // Calls that find the trouble as well must not shorten the wait, or their number would be the rate of attempts.
  while (!stop.stop_requested()) {
    const auto left = deadline - SteadyTime(std::chrono::steady_clock::now());
    if (left <= left.zero()) break;
    sleep(std::chrono::ceil<Duration>(left));
    std::uint64_t drained = 0;
    [[maybe_unused]] const auto read = ::read(wake_, &drained, sizeof drained);
  }
  if (stop.stop_requested()) return;
  try {
    connect();
    backoff.reset();
  } catch (const StartFailure& refused) {
    calls_.checked(false);
    condition_.bad(refused.what());
  } catch (const std::exception& fault) {
    condition_.bad(fault.what());
  }
}

void Keeper::listen(const std::stop_token& stop) {
  const auto heartbeat = context_.health.heartbeat("pg-" + calls_.what + ".keeper", kHeartbeatLimit);
  SteadyTime next_ping{};
  SteadyTime next_look{};
  try {
    while (!stop.stop_requested()) {
      heartbeat->tick();
      const bool told = !session_->await(kBeat, wake_).empty();
      std::uint64_t drained = 0;
      [[maybe_unused]] const auto read = ::read(wake_, &drained, sizeof drained);
      if (told) calls_.told();
      if (!condition_.isGood() && calls_.probe()) condition_.good();
      const SteadyTime now = SteadyTime(std::chrono::steady_clock::now());
      if (next_ping <= now) {
        session_->ping(kPatience);
        next_ping = now + kPing;
      }
      if (next_look <= now) {
        observe();
        next_look = now + kLook;
      }
    }
  } catch (const Fault& fault) {
    condition_.bad(fault.what());
    session_->sever();
    session_.reset();
    if (fault.sqlstate == kSilent) calls_.silent(fault);
  } catch (const std::exception& fault) {
    session_.reset();
    condition_.bad(fault.what());
  }
}

void Keeper::observe() {
  try {
    observer_.look(*session_);
  } catch (const Fault& fault) {
    // Without the right to look, the engines work all the same.
    if (fault.kind == FaultClass::Reconnect) throw;
  }
}

}  // namespace penstock::postgres
