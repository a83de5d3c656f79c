#pragma once

#include "http-transport/guard.h"
#include "http-transport/metrics.h"
#include "http-transport/resolver.h"
#include "http-transport/transfer.h"

#include "penstock/clock.h"
#include "penstock/health.h"
#include "penstock/log.h"

#include <curl/curl.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace penstock::http_transport {

/// What all loops share; outlives them.
struct Surroundings {
  const Guard& guard;
  Resolver& resolver;
  Instruments& instruments;
  Clock& clock;
  HealthBoard& board;
  Log log;
  TransferSettings transfers;
  std::size_t max_idle = 0;
  std::optional<Proxy> proxy;
  std::optional<Address> proxy_address;  ///< when the proxy's host is one
};

/// A thread that moves any number of transfers with libcurl's multi interface, driven by epoll, with deadlines of its
/// own: they also end what libcurl has not begun.
class Loop {
public:
  Loop(const Surroundings& around, unsigned number);
  ~Loop() { stop(); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Takes a transfer, through the proxy or not, and ends it by calling its handler. False, with the transfer left to
  /// the caller, once stop has begun. [any thread] [does not block]
  bool take(std::unique_ptr<Transfer>& transfer, bool proxied);

  /// Ends everything in hand. [blocks: briefly]
  void stop() noexcept;

private:
  struct Descriptor {
    explicit Descriptor(int number) : value(number) {}
    ~Descriptor();
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    const int value;
  };
  struct Travelling {
    std::unique_ptr<Transfer> transfer;
    bool proxied = false;
    bool added = false;
  };
  struct Found {
    std::uint64_t id;
    Resolution resolution;
  };
  /// What other threads leave. Shared with answers of the resolver, which may come when the loop has gone.
  struct Mailbox {
    Mailbox();
    void wake() const noexcept;
    std::mutex mutex;
    bool closed = false;
    std::vector<Travelling> arrived;
    std::vector<Found> found;
    Descriptor bell;
  };
  struct FreeMulti {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };

  void run(const std::stop_token& stop, const std::string& name);
  void turn();
  void wait();
  int patience() const;
  void readMail();
  void welcome(Travelling travelling);
  void go(Travelling& travelling, std::vector<Address> addresses);
  void resolved(const Found& found);
  void reap();
  void expire();
  void abandon();
  void finish(std::uint64_t id, SendOutcome outcome);

  static int watch(CURL*, curl_socket_t socket, int what, void* self, void* known) noexcept;
  static int remind(CURLM*, long milliseconds, void* self) noexcept;

  const Surroundings& around_;
  Descriptor epoll_;
  std::shared_ptr<Mailbox> mailbox_;
  std::optional<SteadyTime> reminder_;  ///< when libcurl wants to be called without an event; of the steady clock
  std::unique_ptr<CURLM, FreeMulti> multi_;
  std::map<std::uint64_t, Travelling> travelling_;
  std::set<std::pair<SteadyTime, std::uint64_t>> deadlines_;
  std::jthread thread_;
};

}  // namespace penstock::http_transport
