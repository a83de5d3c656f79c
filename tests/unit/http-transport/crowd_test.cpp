#include "receiver.h"
#include "transport_fixture.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <deque>
#include <latch>

namespace penstock::http_transport {
namespace {

/// Answers every request after the same time, any number at once, from one thread.
class SlowReceiver {
public:
  explicit SlowReceiver(milliseconds delay) : delay_(delay), listener_(listenOnLoopback(4096, port_)) {
    watch(listener_);
    watch(bell_);
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  ~SlowReceiver() {
    thread_.request_stop();
    eventfd_write(bell_, 1);
    thread_.join();
    for (const int fd : clients_) close(fd);
    for (const int fd : {listener_, bell_, epoll_}) close(fd);
  }
  SlowReceiver(const SlowReceiver&) = delete;
  SlowReceiver& operator=(const SlowReceiver&) = delete;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + '/'; }

private:
  using Time = std::chrono::steady_clock::time_point;

  void watch(int fd) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const auto now = std::chrono::steady_clock::now();
      for (; !due_.empty() && due_.front().first <= now; due_.pop_front())
        static_cast<void>(
            ::send(due_.front().second, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 38, MSG_NOSIGNAL));
      const int wait = due_.empty() ? -1 : static_cast<int>((due_.front().first - now) / milliseconds(1)) + 1;
      epoll_event events[256];
      const int count = epoll_wait(epoll_, events, 256, wait);
      for (int i = 0; i < count; ++i) serve(events[i].data.fd);
    }
  }
  void serve(int fd) {
    if (fd == bell_) return;
    if (fd == listener_) {
      clients_.push_back(accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
      return watch(clients_.back());
    }
    char request[4096];
    if (recv(fd, request, sizeof request, 0) > 0)
      due_.emplace_back(std::chrono::steady_clock::now() + delay_, fd);
    else
      epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  }

  milliseconds delay_;
  std::uint16_t port_ = 0;
  int listener_;
  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  int bell_ = eventfd(0, EFD_CLOEXEC);
  std::vector<int> clients_;
  std::deque<std::pair<Time, int>> due_;
  std::jthread thread_;
};

using Crowd = TransportTest;

TEST_F(Crowd, ThousandsWaitForTheirAnswersAtOnceOnOneThread) {
  constexpr int kRequests = 2000;
  const SlowReceiver receiver(milliseconds(500));
  transport();
  std::latch ended(kRequests);
  std::atomic<int> answers{0};
  const SteadyTime begun = clock.now();
  for (int i = 0; i < kRequests; ++i)
    transport().send(post(receiver.url()), clock.now() + seconds(60), [&](const SendOutcome& outcome) {
      answers += std::holds_alternative<OutboundResponse>(outcome) ? 1 : 0;
      ended.count_down();
    });
  ended.wait();
  const auto took = std::chrono::duration_cast<milliseconds>(clock.now() - begun);
  EXPECT_EQ(answers, kRequests);
  // One after another they would take a quarter of an hour.
  EXPECT_LT(took, seconds(20));
  RecordProperty("milliseconds", static_cast<int>(took.count()));
}

/// Requests one after the other, each sent when the one before it has been answered.
class Chain {
public:
  Chain(Transport& transport, Clock& clock, const std::string& url, int length, std::latch& ended)
      : transport_(transport), clock_(clock), url_(url), left_(length), ended_(ended) {}

  void next() {
    const OutboundRequest request{.method = "POST", .url = url_, .headers = {}, .body = "hello"};
    transport_.send(request, clock_.now() + seconds(60), [this](const SendOutcome& outcome) {
      answers_ += std::holds_alternative<OutboundResponse>(outcome) ? 1 : 0;
      if (--left_ > 0)
        next();
      else
        ended_.count_down();
    });
  }
  int answers() const { return answers_; }

private:
  Transport& transport_;
  Clock& clock_;
  const std::string url_;
  int left_;
  int answers_ = 0;
  std::latch& ended_;
};

TEST_F(Crowd, MoreThanAreKeptIdleUseTheirConnectionsAgain) {
  constexpr int kChains = 20;
  constexpr int kRequests = 10;
  const SlowReceiver receiver(milliseconds(20));
  open({{"max_idle", "1"}});
  std::latch ended(kChains);
  std::deque<Chain> chains;
  for (int i = 0; i < kChains; ++i) chains.emplace_back(transport(), clock, receiver.url(), kRequests, ended);
  for (Chain& chain : chains) chain.next();
  ended.wait();
  for (const Chain& chain : chains) EXPECT_EQ(chain.answers(), kRequests);
  EXPECT_LE(fixture->metrics.value("penstock_transport_connections_total"), 2 * kChains);
}

}  // namespace
}  // namespace penstock::http_transport
