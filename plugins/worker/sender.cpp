#include "worker/sender.h"

#include "worker/fault_point.h"
#include "worker/outcome.h"

#include <algorithm>
#include <exception>
#include <iterator>

namespace penstock {

namespace {

constexpr std::size_t kBeginBatch = 500;
constexpr std::size_t kEndBatch = 500;
constexpr std::size_t kWorthwhile = 100;
constexpr auto kShortLease = std::chrono::milliseconds(100);  // until the next one
constexpr auto kSilence = std::chrono::seconds(60);           // a stage's longest call: of the store or the queue

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
      metrics_(metrics, clock),
      journal_(journal),
      settings_(settings),
      cache_(cache),
      pacer_(settings.interval, settings.batch),
      limits_(settings.limits),
      breaker_failures_(settings.breaker_failures),
      breaker_rest_(settings.breaker_rest),
      beginning_(
          clock, kBeginBatch,
          [this](std::vector<Parcel> messages) { guarded("begin", [&] { begin(std::move(messages), false); }); }),
      ending_(clock, kEndBatch, [this](std::vector<Ended> ended) { end(std::move(ended)); }),
      recording_(clock, kEndBatch,
                 [this](std::vector<Settled> ended) { guarded("record", [&] { keep(std::move(ended)); }); }),
      settling_(clock, kEndBatch,
                [this](std::vector<Settled> settled) { guarded("settle", [&] { settle(std::move(settled)); }); }) {
  for (const ProviderTraits& provider : providers_.list()) metrics_.of(provider.name);
}

Sender::~Sender() { stop(SteadyTime::min()); }

void Sender::start(HealthBoard& board) {
  beginning_.start(board.heartbeat("worker-begin", kSilence));
  ending_.start(board.heartbeat("worker-end", kSilence));
  recording_.start(board.heartbeat("worker-record", kSilence));
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
  if (auto conclusion = held(*message)) return conclude({std::move(message), std::move(*conclusion)});
  if (!message->obstacle.empty() || message->lost()) return giveUp(std::move(message));
  const SteadyTime now = clock_.now();
  message->started = now;
  message->started_at = clock_.wall();
  if (message->status == MessageStatus::Unknown || message->status == MessageStatus::Sending)
    message->looking_up = message->provider.looks_up && !message->provider.takes_key;
  message->step = message->looking_up ? providers_.lookup(message->provider.name, message->event)
                                      : providers_.request(message->provider.name, message->event, message->number());
  if (const auto* request = std::get_if<OutboundRequest>(&message->step)) {
    message->destination = destinationOf(request->url);
    if (const auto wait = knock(*message, now)) return putOff(std::move(message), *wait, "breaker");
    if (const auto wait = limits_.enter(*message, now)) return putOff(std::move(message), wait->time, wait->cause);
    message->places = Finally([this, holder = message.get(), now] { giveUpPlaces(*holder, now); });
  }
  beginning_.put(std::move(message));
}

/// What has not left has needed none.
void Sender::giveUpPlaces(const Outgoing& message, SteadyTime entered) {
  if (!message.has_left) return limits_.undo(message);
  limits_.leave(message, entered, clock_.now());
}

/// For a limit or a breaker; not for longer than policy lets a message grow old.
void Sender::putOff(Parcel message, Duration delay, std::string_view cause) {
  message->stay();
  if (!outlived(*message)) return release(std::move(message), delay, cause);
  std::string reason = "it waited too long: " + std::string(cause);
  if (!message->unsettled()) return unsent(std::move(message), std::move(reason));
  message->obstacle = std::move(reason);
  giveUp(std::move(message));
}

/// Policy gives up on the message although no attempt has failed since it was asked last: because of its age.
bool Sender::outlived(const Outgoing& message) {
  RetryQuestion question;
  question.number = message.attempt - 1;
  question.age =
      std::max(message.age + std::chrono::floor<Duration>(clock_.now() - message.received), Duration::zero());
  question.outcome = word(AttemptOutcome::NotSent);
  question.provider = message.provider.name;
  return !policy_.retry(question);
}

/// Nobody is to send it any more. The store is told so with a wish that it does not grant, so nothing else is waited
/// for; the message stays unknown if it may have been sent.
void Sender::giveUp(Parcel message) {
  message->stay();
  message->provider.takes_key = message->provider.looks_up = message->looking_up = false;
  message->destination.clear();
  message->started = clock_.now();
  message->started_at = clock_.wall();
  SendVerdict verdict;
  verdict.outcome = AttemptOutcome::NotSent;
  verdict.reason = message->obstacle;
  verdict.retryable = true;
  message->step = std::move(verdict);
  beginning_.put(std::move(message));
}

void Sender::reload(const SenderSettings& settings) {
  limits_.change(settings.limits, clock_.now());
  std::lock_guard guard(mutex_);
  breaker_failures_ = settings.breaker_failures;
  breaker_rest_ = settings.breaker_rest;
  for (auto& [name, breaker] : breakers_) breaker.change(breaker_failures_, breaker_rest_);
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
  // Who may have been sent already waits for the pace only once it is known that he may be sent again.
  const bool doubtful = message.mayHaveBeenSent();
  if (!doubtful) {
    if (auto conclusion = paced(message)) return conclusion;
  }
  Routing routing = policy_.route(message.event);
  if (routing.verdict == Routing::Verdict::NoRoute) {
    message.pace.now();
    if (!message.unsettled()) return unrouted(message, clock_.wall());
    message.obstacle = kNoRoute;
    return std::nullopt;
  }
  if (routing.verdict == Routing::Verdict::Failed) {
    message.pace.now();
    SendVerdict verdict;
    verdict.outcome = AttemptOutcome::NotSent;
    verdict.reason = "route.lua failed";
    verdict.retryable = true;
    message.started_at = clock_.wall();
    message.started = clock_.now();
    Conclusion conclusion = penstock::conclude(message, verdict, clock_.now(), policy_);
    if (!message.unsettled() || !std::holds_alternative<Dead>(conclusion.outcome)) return conclusion;
    message.obstacle = verdict.reason;
    return std::nullopt;
  }
  message.provider = providers_.traits(routing.provider).value_or(ProviderTraits{.name = routing.provider});
  if (doubtful && message.mayRepeat()) return paced(message);
  return std::nullopt;
}

std::optional<Conclusion> Sender::paced(Outgoing& message) {
  if (const auto wait = pacer_.admit(clock_.now())) {
    const std::string_view cause = pacer_.running() ? "pace" : "paused";
    metrics_.putAside(cause, *wait);
    return Conclusion{std::nullopt, Release{*wait, std::string(cause)}};
  }
  message.pace = Finally([this] { pacer_.giveBack(); });
  return std::nullopt;
}

/// Asks the store's leave, until it has answered. `doubtful`: its answer was lost, so it may have given leave.
void Sender::begin(std::vector<Parcel> messages, bool doubtful) {
  Duration pause{};
  while (true) {
    messages = inTime(std::move(messages), doubtful);
    if (messages.empty()) return;
    std::vector<Intent> intents;
    intents.reserve(messages.size());
    for (const Parcel& message : messages) intents.push_back(message->intent());
    std::vector<BeginResult> results;
    faultPoint("beginning");
    try {
      results = store_.begin(intents);
    } catch (const StoreRejected& refusal) {
      return isolate(std::move(messages), doubtful, refusal.what());
    } catch (const std::exception& failure) {
      if (!std::exchange(doubtful, true))
        log_.warning("worker.begin_failed", "the store gave no leave to send; it is asked again",
                     {{"messages", std::to_string(messages.size())}, {"reason", policy_.redact(failure.what())}});
      beginning_.tick();
      rest(pause);
      continue;
    }
    faultPoint("begun");
    return follow(std::move(messages), results, doubtful);
  }
}

/// Those for which there is time enough to send them; the others are given back.
std::vector<Sender::Parcel> Sender::inTime(std::vector<Parcel> messages, bool doubtful) {
  const SteadyTime now = clock_.now();
  bool stopping = false;
  {
    std::lock_guard guard(mutex_);
    stopping = stopping_;
  }
  std::vector<Parcel> ready;
  ready.reserve(messages.size());
  for (Parcel& message : messages) {
    const bool late = now + settings_.timeout + settings_.margin > message->lease_end;
    if (!stopping && !late)
      ready.push_back(std::move(message));
    else if (doubtful)
      unsent(std::move(message), "the store did not say whether it may be sent");
    else if (stopping)
      release(std::move(message), Duration::zero(), "stop");
    else
      release(std::move(message), kShortLease, "lease");
  }
  return ready;
}

/// What the store refuses to judge costs nobody else.
void Sender::isolate(std::vector<Parcel> messages, bool doubtful, const std::string& reason) {
  if (messages.size() > 1) {
    const auto half = messages.begin() + static_cast<std::ptrdiff_t>(messages.size() / 2);
    std::vector<Parcel> second(std::make_move_iterator(half), std::make_move_iterator(messages.end()));
    messages.erase(half, messages.end());
    begin(std::move(messages), doubtful);
    return begin(std::move(second), doubtful);
  }
  Parcel message = std::move(messages.front());
  message->stay();
  SendVerdict verdict;
  verdict.outcome = message->mayHaveBeenSent() ? AttemptOutcome::Unknown : AttemptOutcome::NotSent;
  verdict.reason = "store rejected: " + reason;
  Conclusion conclusion = penstock::conclude(*message, verdict, clock_.now(), policy_);
  conclude({std::move(message), std::move(conclusion)});
}

void Sender::follow(std::vector<Parcel> messages, const std::vector<BeginResult>& results, bool doubtful) {
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const BeginResult& result = results.at(i);
    if (result.granted && messages[i]->obstacle.empty() && messages[i]->lost()) {
      unsent(std::move(messages[i]), "its earlier attempt has come to an end meanwhile");
    } else if (result.granted) {
      messages[i]->doubtful = result.doubtful;
      launch(std::move(messages[i]));
    } else if (doubtful && result.status == MessageStatus::Sending) {
      unsent(std::move(messages[i]), "the store's leave to send it came too late");
    } else {
      metrics_.refused.add();
      messages[i]->stay();
      Conclusion conclusion = refused(result.status, messages[i]->provider.name, messages[i]->obstacle);
      conclude({std::move(messages[i]), std::move(conclusion)});
    }
  }
}

/// Nothing of it has left. If the store has given leave, the history takes that back, so that a later attempt gets one.
void Sender::unsent(Parcel message, std::string reason) {
  SendVerdict verdict;
  verdict.outcome = AttemptOutcome::NotSent;
  verdict.reason = std::move(reason);
  verdict.retryable = true;
  message->stay();
  message->started_at = clock_.wall();
  message->started = clock_.now();
  Conclusion conclusion = penstock::conclude(*message, verdict, message->started, policy_);
  // The end of an earlier attempt is the store's to find, which it does when it is asked for the next one.
  if (message->unsettled() && std::holds_alternative<Dead>(conclusion.outcome))
    conclusion = postponed(std::move(conclusion), verdict.reason);
  if (std::holds_alternative<RetryAfter>(conclusion.outcome)) metrics_.retries.add();
  conclude({std::move(message), std::move(conclusion)});
}

void Sender::launch(Parcel message) {
  message->pace.forget();
  message->started_at = clock_.wall();
  message->started = clock_.now();
  if (auto* request = std::get_if<OutboundRequest>(&message->step))
    return transmit(std::move(message), std::move(*request));
  SendVerdict verdict = std::get<SendVerdict>(std::move(message->step));
  ending_.put({std::move(message), std::move(verdict)});
}

void Sender::transmit(Parcel message, OutboundRequest request) {
  message->has_left = true;
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
      const auto* failure = outcome == nullptr ? nullptr : std::get_if<SendFailure>(outcome);
      const bool no_room = failure != nullptr && failure->fault == SendFault::Busy;
      answered(std::move(one.message), verdict, sign, no_room);
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

void Sender::answered(Parcel message, const SendVerdict& verdict, Sign sign, bool no_room) {
  if (message->looking_up && verdict.outcome == AttemptOutcome::NotSent) message->earlier_not_sent = true;
  if (message->looking_up && verdict.outcome == AttemptOutcome::NotSent && verdict.retryable) {
    // It was not sent: now it is, with the leave that was given for asking.
    message->looking_up = false;
    message->step = providers_.request(message->provider.name, message->event, message->number());
    return launch(std::move(message));
  }
  hear(*message, verdict, sign);
  message->places.now();
  message->trial.now();
  const SteadyTime now = clock_.now();
  ProviderSeries& series = metrics_.of(message->provider.name);
  series.sends.at(static_cast<std::size_t>(verdict.outcome))->add();
  series.seconds.observe(std::chrono::duration<double>(now - message->started).count());
  Conclusion conclusion = penstock::conclude(*message, verdict, now, policy_);
  // That there is no room here is nothing that a message is given up for. It has had its leave, so the attempt counts.
  if (no_room && std::holds_alternative<Dead>(conclusion.outcome) && !message->looking_up && !outlived(*message))
    conclusion = postponed(std::move(conclusion), verdict.reason);
  if (std::holds_alternative<RetryAfter>(conclusion.outcome)) metrics_.retries.add();
  note(conclusion);
  conclude({std::move(message), std::move(conclusion)});
}

/// At once, for the store learns of it with the next batch only.
void Sender::note(const Conclusion& conclusion) {
  if (cache_ == nullptr || !conclusion.attempt || conclusion.attempt->outcome != AttemptOutcome::Sent) return;
  const Attempt& attempt = *conclusion.attempt;
  cache_->note({attempt.message, attempt.provider_message_id, attempt.started_at + attempt.latency});
}

void Sender::release(Parcel message, Duration delay, std::string_view cause) {
  metrics_.putAside(cause, delay);
  message->stay();
  Conclusion conclusion{std::nullopt, Release{delay, std::string(cause)}};
  conclude({std::move(message), std::move(conclusion)});
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
    stopped_.notify_all();
    // What goes back to a queue that ends with the process is lost, so as long as there is time it is sent.
    stopping_ = queue_.durable();
    while (taken_ > 0 && clock_.now() < deadline) clock_.wait(lock, changed_, deadline, {});
    stopping_ = true;
    stopped_.notify_all();
  }
  beginning_.finish();
  ending_.finish();
  recording_.finish();
  settling_.finish();
}

}  // namespace penstock
