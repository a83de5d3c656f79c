#include "worker/sender.h"

#include "worker/fault_point.h"

#include <algorithm>
#include <exception>
#include <thread>

namespace penstock {

namespace {

constexpr std::size_t kBeginBatch = 500;
constexpr std::size_t kEndBatch = 500;
constexpr std::size_t kWorthwhile = 100;
constexpr auto kPause = std::chrono::milliseconds(100);
constexpr auto kLongestPause = std::chrono::seconds(2);
constexpr auto kSilence = std::chrono::seconds(60);  // a stage's longest call: of the store or the queue

/// Host and port of a URL, as limits know them.
std::string destinationOf(const std::string& url) {
  const auto scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const auto begin = scheme + 3;
  return url.substr(begin, url.find_first_of("/?", begin) - begin);
}

}  // namespace

Sender::Sender(Queue& queue, Store& store, Policy& policy, Providers& providers, Transport& transport, Clock& clock,
               Log log, Metrics& metrics, Journal& journal, const SenderSettings& settings, Cache* cache)
    : queue_(queue),
      store_(store),
      policy_(policy),
      providers_(providers),
      transport_(transport),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      journal_(journal),
      settings_(settings),
      cache_(cache),
      pacer_(settings.interval, settings.batch),
      limits_(settings.limits),
      beginning_(clock, kBeginBatch,
                 [this](std::vector<Parcel> messages) { guarded("begin", [&] { begin(std::move(messages)); }); }),
      ending_(clock, kEndBatch, [this](std::vector<Ended> ended) { end(std::move(ended)); }),
      settling_(clock, kEndBatch,
                [this](std::vector<Settled> settled) { guarded("settle", [&] { settle(std::move(settled)); }); }) {
  for (const ProviderTraits& provider : providers_.list()) metrics_.of(provider.name);
}

Sender::~Sender() { stop(SteadyTime::min()); }

void Sender::start(HealthBoard& board) {
  beginning_.start(board.heartbeat("worker-begin", kSilence));
  ending_.start(board.heartbeat("worker-end", kSilence));
  settling_.start(board.heartbeat("worker-settle", kSilence));
}

/// Whatever a message makes fail costs that message: its lease runs out.
void Sender::guarded(const char* doing, const std::function<void()>& work) noexcept {
  try {
    work();
  } catch (const std::exception& surprise) {
    log_.error("worker.exception", "a step of sending ended with an exception; its leases will run out",
               {{"step", doing}, {"reason", policy_.redact(surprise.what())}});
  } catch (...) {
    log_.error("worker.exception", "a step of sending ended with an exception; its leases will run out",
               {{"step", doing}, {"reason", "it is no std::exception"}});
  }
}

void Room::keep(std::size_t places) noexcept {
  if (places >= places_) return;
  sender_->giveBack(std::exchange(places_, places) - places);
}

void Sender::giveBack(std::size_t places) {
  {
    std::lock_guard guard(mutex_);
    taken_ -= places;
  }
  changed_.notify_all();
}

void Sender::send(std::vector<Outgoing> messages, Room room) {
  for (Outgoing& message : messages) {
    metrics_.in_flight.add(1);
    room.use();
    message.room = Finally([this] {
      metrics_.in_flight.add(-1);
      giveBack(1);
    });
    guarded("prepare", [&] { prepare(std::make_unique<Outgoing>(std::move(message))); });
  }
}

void Sender::prepare(Parcel message) {
  if (auto conclusion = held(*message)) return settling_.put({std::move(message), std::move(*conclusion)});
  const SteadyTime now = clock_.now();
  message->started = now;
  message->started_at = clock_.wall();
  if (message->status == MessageStatus::Unknown || message->status == MessageStatus::Sending)
    message->looking_up = message->provider.looks_up && !message->provider.takes_key;
  message->step = message->looking_up ? providers_.lookup(message->provider.name, message->event)
                                      : providers_.request(message->provider.name, message->event, message->number());
  if (const auto* request = std::get_if<OutboundRequest>(&message->step)) {
    message->destination = destinationOf(request->url);
    if (const auto wait = limits_.enter(*message, now)) {
      pacer_.giveBack();
      return release(std::move(message), wait->time, wait->cause);
    }
    // The message may be gone by the time its places are given back.
    message->places = Finally([this, provider = message->provider.name, destination = message->destination,
                               sender = message->event.content.from,
                               now] { limits_.leave(provider, destination, sender, now, clock_.now()); });
    std::unique_lock lock(mutex_);
    Breaker& breaker = breakerOf(message->provider.name);
    if (const auto rest = breaker.admit(now)) {
      lock.unlock();
      pacer_.giveBack();
      return release(std::move(message), *rest, "breaker");
    }
    if (breaker.state() == BreakerState::HalfOpen) metrics_.of(message->provider.name).breaker.set(0.5);
    message->trial = Finally([this, provider = message->provider.name] {
      std::lock_guard guard(mutex_);
      breakerOf(provider).abandoned();
    });
  }
  beginning_.put(std::move(message));
}

Breaker& Sender::breakerOf(const std::string& provider) {
  return breakers_.try_emplace(provider, settings_.breaker_failures, settings_.breaker_rest).first->second;
}

/// What keeps a message from being sent at all, or now.
std::optional<Conclusion> Sender::held(Outgoing& message) {
  const bool replayed = message.earlier_attempts > 0;
  const bool over = message.status == MessageStatus::Sent || message.status == MessageStatus::Delivered ||
                    message.status == MessageStatus::Read;
  const bool ended = message.status == MessageStatus::Failed || message.status == MessageStatus::Dead;
  if (over || (ended && !replayed)) {
    metrics_.refused.add();
    return refused(message.status, message.provider.name);
  }
  if (const auto wait = pacer_.admit(clock_.now())) {
    const std::string_view cause = pacer_.running() ? "pace" : "paused";
    metrics_.waits(cause).add();
    return Conclusion{std::nullopt, Release{*wait, std::string(cause)}};
  }
  Routing routing = policy_.route(message.event);
  if (routing.verdict == Routing::Verdict::NoRoute) {
    pacer_.giveBack();
    return unrouted(message, clock_.wall());
  }
  if (routing.verdict == Routing::Verdict::Failed) {
    pacer_.giveBack();
    SendVerdict verdict;
    verdict.outcome = AttemptOutcome::NotSent;
    verdict.reason = "route.lua failed";
    verdict.retryable = true;
    message.started_at = clock_.wall();
    message.started = clock_.now();
    return conclude(message, verdict, clock_.now(), policy_);
  }
  message.provider = providers_.traits(routing.provider).value_or(ProviderTraits{.name = routing.provider});
  return std::nullopt;
}

void Sender::begin(std::vector<Parcel> messages) {
  const SteadyTime now = clock_.now();
  bool stopping = false;
  {
    std::lock_guard guard(mutex_);
    stopping = stopping_;
  }
  std::vector<Parcel> ready;
  std::vector<Intent> intents;
  for (Parcel& message : messages) {
    if (stopping) {
      release(std::move(message), Duration::zero(), "stop");
    } else if (now + settings_.timeout + settings_.margin > message->lease_end) {
      release(std::move(message), Duration::zero(), "lease");
    } else {
      intents.push_back(message->intent());
      ready.push_back(std::move(message));
    }
  }
  if (ready.empty()) return;
  std::vector<BeginResult> results;
  faultPoint("beginning");
  try {
    results = store_.begin(intents);
  } catch (const std::exception& failure) {
    log_.warning("worker.begin_failed", "the store gave no leave to send; the messages are given back",
                 {{"messages", std::to_string(ready.size())}, {"reason", policy_.redact(failure.what())}});
    for (Parcel& message : ready) release(std::move(message), kLongestPause, "store");
    return;
  }
  faultPoint("begun");
  for (std::size_t i = 0; i < ready.size(); ++i) {
    if (results.at(i).granted) {
      launch(std::move(ready[i]));
    } else {
      metrics_.refused.add();
      Conclusion conclusion = refused(results[i].status, ready[i]->provider.name);
      settling_.put({std::move(ready[i]), std::move(conclusion)});
    }
  }
}

void Sender::launch(Parcel message) {
  message->started_at = clock_.wall();
  message->started = clock_.now();
  if (auto* request = std::get_if<OutboundRequest>(&message->step))
    return transmit(std::move(message), std::move(*request));
  SendVerdict verdict = std::get<SendVerdict>(std::move(message->step));
  ending_.put({std::move(message), std::move(verdict)});
}

void Sender::transmit(Parcel message, OutboundRequest request) {
  // Never longer than the lease: what is answered later would be somebody else's to record.
  const SteadyTime deadline = std::min(clock_.now() + settings_.timeout, message->lease_end - settings_.margin);
  transport_.send(std::move(request), deadline, [this, parcel = std::move(message)](SendOutcome outcome) mutable {
    ending_.put({std::move(parcel), std::move(outcome)});
  });
}

void Sender::end(std::vector<Ended> ended) {
  faultPoint("answered");
  for (Ended& one : ended)
    guarded("end", [&] {
      const SendVerdict verdict = verdictOf(one);
      const auto* outcome = std::get_if<SendOutcome>(&one.said);
      const Sign sign = outcome == nullptr ? signOf(verdict) : signOf(*outcome, verdict);
      answered(std::move(one.message), verdict, sign);
    });
}

SendVerdict Sender::verdictOf(const Ended& ended) {
  if (const auto* verdict = std::get_if<SendVerdict>(&ended.said)) return *verdict;
  const SendOutcome& outcome = std::get<SendOutcome>(ended.said);
  const Outgoing& message = *ended.message;
  if (const auto* answer = std::get_if<OutboundResponse>(&outcome))
    return providers_.conclude(message.provider.name, message.event, *answer, message.looking_up);
  SendVerdict verdict = penstock::verdictOf(std::get<SendFailure>(outcome));
  // A question that was not answered says nothing about the message.
  if (message.looking_up) verdict.outcome = AttemptOutcome::Unknown;
  return verdict;
}

void Sender::answered(Parcel message, const SendVerdict& verdict, Sign sign) {
  if (message->looking_up && verdict.outcome == AttemptOutcome::NotSent && verdict.retryable) {
    // It was not sent: now it is, with the leave that was given for asking.
    message->looking_up = false;
    message->step = providers_.request(message->provider.name, message->event, message->number());
    return launch(std::move(message));
  }
  hear(*message, verdict, sign);
  const SteadyTime now = clock_.now();
  ProviderSeries& series = metrics_.of(message->provider.name);
  series.sends.at(static_cast<std::size_t>(verdict.outcome))->add();
  series.seconds.observe(std::chrono::duration<double>(now - message->started).count());
  Conclusion conclusion = conclude(*message, verdict, now, policy_);
  if (std::holds_alternative<RetryAfter>(conclusion.outcome)) metrics_.retries.add();
  note(conclusion);
  settling_.put({std::move(message), std::move(conclusion)});
}

/// At once, for the store learns of it with the next batch only.
void Sender::note(const Conclusion& conclusion) {
  if (cache_ == nullptr || !conclusion.attempt || conclusion.attempt->outcome != AttemptOutcome::Sent) return;
  const Attempt& attempt = *conclusion.attempt;
  cache_->note({attempt.message, attempt.provider_message_id, attempt.started_at + attempt.latency});
}

void Sender::hear(Outgoing& message, const SendVerdict& verdict, Sign sign) {
  if (message.destination.empty() || sign == Sign::None) return;  // nobody was asked
  message.trial.forget();
  const std::string& provider = message.provider.name;
  ProviderSeries& series = metrics_.of(provider);
  BreakerState before{};
  BreakerState after{};
  {
    std::lock_guard guard(mutex_);
    Breaker& breaker = breakerOf(provider);
    before = breaker.state();
    if (sign == Sign::Fails)
      breaker.failed(clock_.now());
    else
      breaker.succeeded();
    after = breaker.state();
    series.breaker.set(after == BreakerState::Open ? 1 : 0);
  }
  if (after == before) return;
  if (after == BreakerState::Open) {
    series.breaker_opened.add();
    log_.warning("worker.breaker_open", "the provider fails again and again and is left alone for a while",
                 {{"provider", provider}, {"reason", policy_.redact(verdict.reason)}});
  } else {
    log_.notice("worker.breaker_closed", "the provider works again", {{"provider", provider}});
  }
}

void Sender::release(Parcel message, Duration delay, std::string_view cause) {
  metrics_.waits(cause).add();
  Conclusion conclusion{std::nullopt, Release{delay, std::string(cause)}};
  settling_.put({std::move(message), std::move(conclusion)});
}

/// Keeps how attempts ended. What the store refuses for good takes nobody with it: it is left out of the history.
void Sender::record(std::span<const Attempt> attempts) {
  if (attempts.empty()) return;
  try {
    store_.record(attempts);
    return faultPoint("recorded");
  } catch (const StoreRejected& refusal) {
    if (attempts.size() == 1)
      return log_.error("worker.attempt_rejected",
                        "the store refuses what became of an attempt; its message keeps the status it has",
                        {{"message_id", attempts.front().message.text()}, {"reason", policy_.redact(refusal.what())}});
  }
  const std::size_t half = attempts.size() / 2;
  record(attempts.first(half));
  record(attempts.subspan(half));
}

SteadyTime Sender::giveUpAt() const {
  std::lock_guard guard(mutex_);
  return give_up_;
}

void Sender::settle(std::vector<Settled> settled) {
  std::vector<Attempt> attempts;
  std::vector<Settlement> settlements;
  SteadyTime last = SteadyTime::min();
  for (Settled& one : settled) {
    if (one.conclusion.attempt) attempts.push_back(std::move(*one.conclusion.attempt));
    settlements.push_back({one.message->token, std::move(one.conclusion.outcome)});
    last = std::max(last, one.message->lease_end);
  }
  // The history first: what the queue has let go of is never heard of again.
  bool recorded = attempts.empty();
  bool told = false;
  Duration pause = kPause;
  while (!told) {
    try {
      if (!recorded) record(attempts);
      recorded = true;
      const auto verdicts = queue_.settle(settlements);
      faultPoint("settled");
      for (std::size_t i = 0; i < std::min(verdicts.size(), settled.size()); ++i)
        journal_.settled(settled[i].message->event, settled[i].message->attempt, settlements[i], verdicts[i]);
      told = true;
    } catch (const std::exception& failure) {
      if (clock_.now() + pause >= std::min(last, giveUpAt())) {
        log_.warning("worker.settle_abandoned", "messages could not be settled; their leases will run out",
                     {{"messages", std::to_string(settlements.size())}, {"reason", policy_.redact(failure.what())}});
        break;
      }
      std::mutex mutex;
      std::unique_lock lock(mutex);
      std::condition_variable_any never;
      clock_.wait(lock, never, clock_.now() + pause, {});
      pause = std::min<Duration>(pause * 2, kLongestPause);
    }
  }
}

Room Sender::reserve(std::size_t most, SteadyTime until, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  // One at a time would make a transaction of each.
  const std::size_t worth = std::min({most, kWorthwhile, std::max<std::size_t>(settings_.in_flight / 10, 1)});
  while (taken_ + worth > settings_.in_flight && clock_.now() < until && !stop.stop_requested())
    clock_.wait(lock, changed_, until, stop);
  const std::size_t places = std::min(most, settings_.in_flight - std::min(taken_, settings_.in_flight));
  taken_ += places;
  return {*this, places};
}

void Sender::stop(SteadyTime deadline) noexcept {
  {
    std::unique_lock lock(mutex_);
    give_up_ = deadline;
    // What goes back to a queue that ends with the process is lost, so as long as there is time it is sent.
    stopping_ = queue_.durable();
    while (taken_ > 0 && clock_.now() < deadline) clock_.wait(lock, changed_, deadline, {});
    stopping_ = true;
  }
  beginning_.finish();
  ending_.finish();
  settling_.finish();
}

Health Sender::health() const {
  std::lock_guard guard(mutex_);
  std::string open;
  for (const auto& [name, breaker] : breakers_)
    if (breaker.state() != BreakerState::Closed) open += (open.empty() ? "" : ", ") + name;
  if (open.empty()) return {};
  return {HealthState::Degraded, "providers that fail are left alone: " + open};
}

}  // namespace penstock
