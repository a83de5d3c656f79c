#include "http-transport/resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <algorithm>
#include <memory>

namespace penstock::http_transport {
namespace {

constexpr std::size_t kMostRemembered = 10000;
constexpr Duration kSlow = std::chrono::seconds(1);

// Of this thread's resolver; glibc takes them over from here. Otherwise two name servers that are away hold a stop up
// for twenty seconds.
void boundTries() {
  if (res_init() != 0) return;
  _res.retrans = 2;  // seconds
  _res.retry = 2;
}

}  // namespace

Resolution lookUp(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (error != 0) return {{}, host + " has no address: " + gai_strerror(error)};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
  Resolution found;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    const auto address = addressOf(entry->ai_addr);
    if (address && std::find(found.addresses.begin(), found.addresses.end(), *address) == found.addresses.end())
      found.addresses.push_back(*address);
  }
  if (found.addresses.empty()) found.fault = host + " has no address";
  return found;
}

Resolver::Resolver(Lookup lookup, std::size_t threads, ResolverMemory memory, Clock& clock, Counter& lookups,
                   Counter& exceptions, const Log& log)
    : lookup_(std::move(lookup)),
      memory_(memory),
      most_slow_(std::max<std::size_t>(1, threads / 2)),
      clock_(clock),
      lookups_(lookups),
      exceptions_(exceptions),
      log_(log) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
}

void Resolver::ask(const std::string& host, Answer answer) {
  std::unique_lock lock(mutex_);
  const auto known = remembered_.find(host);
  if (known != remembered_.end() && clock_.now() < known->second.until) {
    const Resolution resolution = known->second.resolution;
    lock.unlock();
    answer(resolution);
    return;
  }
  auto& askers = waiting_[host];
  askers.push_back(std::move(answer));
  if (askers.size() > 1) return;
  (known != remembered_.end() && known->second.slow ? slow_queue_ : queue_).push_back(host);
  changed_.notify_one();
}

void Resolver::stop() noexcept {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

void Resolver::run(const std::stop_token& stop) {
  boundTries();
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return hasWork(); }) && !stop.stop_requested()) {
    const bool was_slow = queue_.empty();
    std::deque<std::string>& queue = was_slow ? slow_queue_ : queue_;
    const std::string host = std::move(queue.front());
    queue.pop_front();
    if (was_slow) ++slow_lookups_;
    lock.unlock();
    const SteadyTime begun = clock_.now();
    const Resolution found = look(host);
    const bool slow = clock_.now() - begun > kSlow;
    lock.lock();
    if (was_slow) --slow_lookups_;
    remember(host, found, slow);
    auto askers = std::move(waiting_.extract(host).mapped());
    lock.unlock();
    for (Answer& answer : askers) answer(found);
    lock.lock();
  }
}

Resolution Resolver::look(const std::string& host) {
  lookups_.add();
  try {
    return lookup_(host);
  } catch (const std::exception& error) {
    exceptions_.add();
    log_.error("transport.exception", error.what());
    return {{}, host + " could not be looked up"};
  }
}

void Resolver::remember(const std::string& host, const Resolution& found, bool slow) {
  const Duration span = found.addresses.empty() ? memory_.failed : memory_.found;
  if (span == Duration::zero() && !slow) {
    remembered_.erase(host);
    return;
  }
  const SteadyTime now = clock_.now();
  if (remembered_.size() >= kMostRemembered) {
    std::erase_if(remembered_, [&](const auto& entry) { return entry.second.until <= now; });
    if (remembered_.size() >= kMostRemembered) remembered_.clear();
  }
  remembered_[host] = {found, now + span, slow};
}

}  // namespace penstock::http_transport
