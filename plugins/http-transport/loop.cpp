#include "http-transport/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <string>
#include <system_error>

namespace penstock::http_transport {
namespace {

constexpr Duration kLongestWait = std::chrono::milliseconds(500);
constexpr Duration kHeartbeatLimit = std::chrono::seconds(10);

int checked(int descriptor) {
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "http-transport: no descriptor");
  return descriptor;
}

// libcurl keeps its own time by the machine's clock, whatever the host's is.
SteadyTime machineNow() { return std::chrono::steady_clock::now(); }

}  // namespace

Loop::Descriptor::~Descriptor() { close(value); }

Loop::Mailbox::Mailbox() : bell(checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {}

void Loop::Mailbox::wake() const noexcept {
  // It fails only when the bell has rung four billion billion times.
  static_cast<void>(eventfd_write(bell.value, 1));
}

Loop::Loop(const Surroundings& around, unsigned number)
    : around_(around),
      epoll_(checked(epoll_create1(EPOLL_CLOEXEC))),
      mailbox_(std::make_shared<Mailbox>()),
      multi_(curl_multi_init()) {
  if (!multi_) throw std::bad_alloc();
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = mailbox_->bell.value;
  checked(epoll_ctl(epoll_.value, EPOLL_CTL_ADD, mailbox_->bell.value, &event));
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &Loop::watch);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, static_cast<void*>(this));
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &Loop::remind);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, static_cast<void*>(this));
  thread_ = std::jthread(
      [this, name = "http-transport/" + std::to_string(number)](const std::stop_token& stop) { run(stop, name); });
}

bool Loop::take(std::unique_ptr<Transfer>& transfer, bool proxied) {
  const std::lock_guard guard(mailbox_->mutex);
  if (mailbox_->closed) return false;
  mailbox_->arrived.push_back({std::move(transfer), proxied, false});
  if (mailbox_->arrived.size() == 1) mailbox_->wake();
  return true;
}

void Loop::stop() noexcept {
  thread_.request_stop();
  mailbox_->wake();
  if (thread_.joinable()) thread_.join();
}

void Loop::run(const std::stop_token& stop, const std::string& name) {
  const auto heartbeat = around_.board.heartbeat(name, kHeartbeatLimit);
  while (!stop.stop_requested()) {
    heartbeat->tick();
    try {
      turn();
    } catch (const std::exception& error) {
      around_.instruments.exceptions.add();
      around_.log.error("transport.exception", error.what());
    }
  }
  abandon();
}

void Loop::turn() {
  // libcurl counts those in use too: beyond its bound each that ends would be closed, and a crowd would use none again.
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(travelling_.size() + around_.max_idle));
  wait();
  if (reminder_ && *reminder_ <= machineNow()) {
    reminder_.reset();
    int running = 0;
    curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
  }
  readMail();
  reap();
  expire();
}

int Loop::patience() const {
  SteadyTime now = machineNow();
  SteadyTime until = now + kLongestWait;
  if (reminder_) until = std::min(until, *reminder_);
  if (!deadlines_.empty()) until = std::min(until, now + (deadlines_.begin()->first - around_.clock.now()));
  // Rounded up, or the last millisecond is spent turning in circles.
  return static_cast<int>(std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(until - now).count()));
}

void Loop::wait() {
  std::array<epoll_event, 256> events{};
  const int count = epoll_wait(epoll_.value, events.data(), static_cast<int>(events.size()), patience());
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.fd == mailbox_->bell.value) {
      eventfd_t rung = 0;
      static_cast<void>(eventfd_read(mailbox_->bell.value, &rung));
      continue;
    }
    const int what = ((event.events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                     ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                     ((event.events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
    int running = 0;
    curl_multi_socket_action(multi_.get(), event.data.fd, what, &running);
  }
}

void Loop::readMail() {
  std::vector<Travelling> arrived;
  std::vector<Found> found;
  {
    const std::lock_guard guard(mailbox_->mutex);
    arrived.swap(mailbox_->arrived);
    found.swap(mailbox_->found);
  }
  for (Travelling& one : arrived) welcome(std::move(one));
  for (const Found& one : found) resolved(one);
}

void Loop::welcome(Travelling travelling) {
  const std::uint64_t id = travelling.transfer->id;
  deadlines_.emplace(travelling.transfer->deadline, id);
  Travelling& kept = travelling_.emplace(id, std::move(travelling)).first->second;
  // By the time its turn comes it may be too late; then no byte leaves.
  if (kept.transfer->deadline <= around_.clock.now()) return;
  const auto literal = kept.proxied ? around_.proxy_address : kept.transfer->target.address;
  if (literal) return go(kept, {*literal});
  const std::string& host = kept.proxied ? around_.proxy->host : kept.transfer->target.host;
  around_.resolver.ask(host, [mailbox = mailbox_, id](const Resolution& resolution) {
    const std::lock_guard guard(mailbox->mutex);
    mailbox->found.push_back({id, resolution});
    if (mailbox->found.size() == 1) mailbox->wake();
  });
}

void Loop::resolved(const Found& found) {
  const auto entry = travelling_.find(found.id);
  if (entry == travelling_.end()) return;
  Travelling& travelling = entry->second;
  const Transfer& transfer = *travelling.transfer;
  if (transfer.deadline <= around_.clock.now()) return;
  if (found.resolution.addresses.empty())
    return finish(found.id, transfer.failure(SendFault::Unresolved, found.resolution.fault));
  if (!travelling.proxied)
    if (auto refused = around_.guard.refuseAddresses(transfer.target, found.resolution.addresses))
      return finish(found.id, transfer.failure(SendFault::Forbidden, std::move(*refused)));
  go(travelling, found.resolution.addresses);
}

void Loop::go(Travelling& travelling, std::vector<Address> addresses) {
  Transfer& transfer = *travelling.transfer;
  try {
    CURL* easy = transfer.prepare(around_.transfers, travelling.proxied ? &*around_.proxy : nullptr,
                                  std::move(addresses), around_.clock);
    travelling.added = curl_multi_add_handle(multi_.get(), easy) == CURLM_OK;
  } catch (const std::bad_alloc&) {
    travelling.added = false;
  }
  if (!travelling.added) finish(transfer.id, transfer.failure(SendFault::Busy, "no memory for another request"));
}

void Loop::reap() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    void* owner = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
    const auto& transfer = *static_cast<const Transfer*>(owner);
    finish(transfer.id, transfer.outcome(message->data.result));
  }
}

void Loop::expire() {
  const SteadyTime now = around_.clock.now();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const std::uint64_t id = deadlines_.begin()->second;
    const Transfer& transfer = *travelling_.at(id).transfer;
    finish(id, transfer.failure(SendFault::TimedOut, transfer.target.authority() + " did not answer by the deadline"));
  }
}

void Loop::abandon() {
  {
    const std::lock_guard guard(mailbox_->mutex);
    mailbox_->closed = true;
    for (Travelling& one : mailbox_->arrived) {
      const std::uint64_t id = one.transfer->id;
      travelling_.emplace(id, std::move(one));
    }
    mailbox_->arrived.clear();
  }
  reap();
  while (!travelling_.empty()) {
    const Transfer& transfer = *travelling_.begin()->second.transfer;
    finish(transfer.id, transfer.failure(SendFault::Stopped, "the service stops"));
  }
  multi_.reset();
}

void Loop::finish(std::uint64_t id, SendOutcome outcome) {
  auto travelling = std::move(travelling_.extract(id).mapped());
  Transfer& transfer = *travelling.transfer;
  deadlines_.erase({transfer.deadline, id});
  if (travelling.added) {
    long opened = 0;
    curl_easy_getinfo(transfer.handle(), CURLINFO_NUM_CONNECTS, &opened);
    around_.instruments.connections.add(static_cast<double>(opened));
    curl_multi_remove_handle(multi_.get(), transfer.handle());
  }
  const auto latency = std::chrono::floor<Duration>(around_.clock.now() - transfer.sent_at);
  std::visit([&](auto& what) { what.latency = latency; }, outcome);
  try {
    transfer.handler(std::move(outcome));
  } catch (const std::exception& error) {
    around_.instruments.exceptions.add();
    around_.log.error("transport.handler_threw", error.what());
  }
}

int Loop::watch(CURL*, curl_socket_t socket, int what, void* self, void* known) noexcept {
  auto& loop = *static_cast<Loop*>(self);
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(loop.epoll_.value, EPOLL_CTL_DEL, socket, nullptr);
    return 0;
  }
  epoll_event event{};
  event.events = ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
  event.data.fd = socket;
  const int change = known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (epoll_ctl(loop.epoll_.value, change, socket, &event) != 0)
    // A number that was closed and opened again in between.
    epoll_ctl(loop.epoll_.value, change == EPOLL_CTL_ADD ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
  curl_multi_assign(loop.multi_.get(), socket, self);
  return 0;
}

int Loop::remind(CURLM*, long milliseconds, void* self) noexcept {
  auto& reminder = static_cast<Loop*>(self)->reminder_;
  if (milliseconds < 0)
    reminder.reset();
  else
    reminder = machineNow() + std::chrono::milliseconds(milliseconds);
  return 0;
}

}  // namespace penstock::http_transport
