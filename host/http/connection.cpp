#include "http/connection.h"

#include "http/negotiation.h"

#include <boost/asio/post.hpp>
#include <boost/core/demangle.hpp>

#include <algorithm>
#include <typeinfo>

namespace penstock {
namespace {

constexpr std::chrono::seconds kHurry{1};      // for the rest of a head while draining
constexpr std::chrono::seconds kLastWords{5};  // for the rest of a body or an answer while draining
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

Connection::Connection(Loop& loop, Socket socket, ListenerName listener, std::string peer, bool admitted)
    : loop_(&loop),
      mailbox_(loop.mailbox()),
      budget_(loop.site().budget),
      socket_(std::move(socket)),
      in_(*budget_),
      peer_(std::move(peer)),
      listener_(listener),
      admitted_(admitted) {}

void Connection::start() {
  if (!admitted_) refuse({RefusalCode::TooManyConnections, "There are too many connections; try again shortly.", {}});
  loop_->now();
  work();
}

void Connection::work() {
  if (!socket_) return;
  const Loop::Turn turn(*loop_, *this);
  std::size_t finished = 0;
  while (!writing_ && finished < site().options.max_pipelined) {
    if (phase_ == Phase::Answered) ++finished;
    if (!step()) break;
    if (loop_->out().size() > site().options.max_write_buffer && !flush()) return;
  }
  if (flush()) settle();
}

/// One step of the present request; false when it needs something first.
bool Connection::step() {
  switch (phase_) {
    case Phase::Idle:
      if (in_.size() == 0) return false;
      received_ = loop_->recent();
      scanner_ = HeadScanner{};
      phase_ = Phase::Head;
      return true;
    case Phase::Head:
      return scanHead();
    case Phase::Body:
      return readBody();
    case Phase::Answered:
      finish();
      return true;
    case Phase::Handling:
    case Phase::Closing:
    case Phase::Lingering:
      break;
  }
  return false;
}

bool Connection::scanHead() {
  switch (scanner_.scan(in_.view(), site().limits)) {
    case HeadScanner::Found::More:
      return false;
    case HeadScanner::Found::Bad:
      refuse(scanner_.refusal());
      return true;
    case HeadScanner::Found::Head:
      openRequest();
      return true;
  }
  return false;
}

void Connection::openRequest() {
  exchange_ = loop_->takeExchange();
  Exchange& exchange = *exchange_;
  if (const auto refusal = parseHead(in_.data(), scanner_.begin(), scanner_.end(), site().limits, exchange.head))
    return refuse(*refusal);
  exchange.bind(in_.data());
  const auto id = exchange.request.header("x-request-id");
  if (id && isRequestId(*id) && exchange.request.count("x-request-id") == 1)
    exchange.request_id = *id;
  else
    loop_->ids().make(exchange.request_id);
  if (const auto refusal = splitTarget(exchange.head.target.in(in_.data()), exchange.target)) return refuse(*refusal);
  admit();
}

/// Everything that can be refused before the body is read.
void Connection::admit() {
  Exchange& exchange = *exchange_;
  const Head& head = exchange.head;
  if (exchange.target.asterisk) return answerOptions();
  const Router::Match match =
      site().router(listener_).find(head.verb, exchange.target.path, exchange.request.path_parameters);
  if (match.bad_escape) return decline({RefusalCode::BadTarget, "The path is not percent-encoded UTF-8.", {}});
  if (match.allow.empty()) return decline({RefusalCode::NotFound, "There is nothing at this path.", {}});
  if (match.entry == nullptr)
    return decline({RefusalCode::MethodNotAllowed, "This path does not take this method.", match.allow});
  exchange.entry = match.entry;
  const Route& route = match.entry->route;
  if (site().draining && !route.during_drain)
    return decline({RefusalCode::Draining, "The service is shutting down; send it again to its successor.", {}});
  if (const auto refusal = decodeQuery(exchange.target.query, exchange.request.query)) return decline(*refusal);
  if (route.negotiates_json && !acceptsJson(exchange.request.headers))
    return decline({RefusalCode::NotAcceptable, "Answers here are application/json, which Accept excludes.", {}});
  if (route.body == BodyRule::Json && head.hasBody() && !carriesJson(exchange.request.headers))
    return decline({RefusalCode::UnsupportedMediaType, "The body must be application/json, without a coding.", {}});
  if (head.expects_other)
    return decline({RefusalCode::ExpectationFailed, "The only expectation that can be met is 100-continue.", {}});
  if (head.content_length > largestBody()) return decline({RefusalCode::BodyTooLarge, "The body is too large.", {}});
  phase_ = Phase::Body;
  body_deadline_ = loop_->recent() + site().options.body_timeout;
  if (head.expects_continue && head.hasBody() && in_.size() == head.size) loop_->out().append(kContinue);
}

/// Of the present request, whose route is known.
std::size_t Connection::largestBody() const {
  const std::size_t own = exchange_->entry->route.max_body;
  return own == 0 ? site().options.max_body : own;
}

bool Connection::readBody() {
  Exchange& exchange = *exchange_;
  const Head& head = exchange.head;
  if (head.chunked) {
    std::size_t size = in_.size() - head.size;
    const auto state = exchange.chunks.decode(in_.data() + head.size, size, largestBody());
    in_.resize(head.size + size);
    if (state == ChunkDecoder::State::More) return false;
    if (state == ChunkDecoder::State::Bad) {
      refuse(exchange.chunks.refusal());
      return true;
    }
    exchange.body_size = exchange.chunks.decoded();
  } else {
    if (in_.size() < head.size + head.content_length) return false;
    exchange.body_size = head.content_length;
  }
  dispatch();
  return true;
}

void Connection::dispatch() {
  Exchange& exchange = *exchange_;
  if (site().drained && !exchange.entry->route.during_drain)
    return refuse({RefusalCode::Draining, "The service is shutting down; send it again to its successor.", {}});
  exchange.bind(in_.data());
  HttpRequest& request = exchange.request;
  Route& route = exchange.entry->route;
  request.method = route.method;
  request.target = exchange.target.whole;
  request.path = exchange.target.path;
  request.body = in_.view().substr(exchange.head.size, exchange.body_size);
  request.request_id = exchange.request_id;
  request.peer = peer_;
  request.received_at = received_;
  phase_ = Phase::Handling;
  loop_->handed();
  const char* failure = nullptr;
  try {
    route.handler(request, Responder(shared_from_this()));
  } catch (const std::exception& caught) {
    failure = typeid(caught).name();
  } catch (...) {
    failure = "i";
  }
  if (failure != nullptr) {
    site().metrics.handlerFailures().add();
    // Not what(): it may quote the body or an address.
    site().log.error(
        "http.handler_failed", "The handler of a request let an exception out.",
        {{"route", route.pattern}, {"request_id", exchange.request_id}, {"exception", boost::core::demangle(failure)}});
  }
  if (!std::exchange(dropped_, false)) return;
  if (failure != nullptr)
    answer(internalError("The request failed."));
  else
    answer(Abandoned{});
}

void Connection::finish() {
  in_.consume(exchange_->head.size + exchange_->body_size);
  loop_->giveExchange(std::move(exchange_));
  phase_ = closing_ ? Phase::Closing : Phase::Idle;
}

SteadyTime Connection::headDeadline() const {
  const SteadyTime usual = received_ + site().options.header_timeout;
  return site().draining ? std::min(usual, loop_->recent() + kHurry) : usual;
}

/// Everything is written: sets the deadline of what comes next, and waits for it.
void Connection::settle() {
  switch (phase_) {
    case Phase::Idle:
      if (in_.size() > 0) return yield();
      arm(site().draining ? loop_->recent() : loop_->recent() + site().options.idle_timeout);
      return read();
    case Phase::Head:
      arm(headDeadline());
      return read();
    case Phase::Body:
      arm(body_deadline_);
      return read();
    case Phase::Handling:
      return arm(TimerWheel::kNever);
    case Phase::Answered:
      return yield();
    case Phase::Closing:
      return finishClosing();
    case Phase::Lingering:
      return;
  }
}

/// Has had its share of the thread: goes on after the others.
void Connection::yield() {
  arm(loop_->recent() + site().options.idle_timeout);
  boost::asio::post(loop_->context(), [self = shared_from_this()] { self->work(); });
}

void Connection::expire(SteadyTime now) noexcept {
  const auto self = shared_from_this();
  if (writing_) return cut(CutReason::SlowReader);
  switch (phase_) {
    case Phase::Head:
    case Phase::Body: {
      const Loop::Turn turn(*loop_, *this);
      if (site().draining)
        refuse({RefusalCode::Draining, "The service is shutting down; send it again to its successor.", {}});
      else
        refuse({RefusalCode::RequestTimeout, "The request did not come in time.", {}});
      if (flush()) settle();
      return;
    }
    case Phase::Handling:
    case Phase::Answered:
      return arm(now + site().options.idle_timeout);
    case Phase::Idle:
    case Phase::Closing:
    case Phase::Lingering:
      return close();
  }
}

/// The server drains: an idle connection gets one more tick, in which a request that is on its way is still seen.
void Connection::drain() {
  loop_->now();
  if (writing_) return arm(loop_->recent() + std::min<Duration>(kLastWords, site().options.write_timeout));
  if (phase_ == Phase::Body) {
    body_deadline_ = std::min<SteadyTime>(body_deadline_, loop_->recent() + kLastWords);
    arm(body_deadline_);
  }
  if (phase_ == Phase::Idle) arm(loop_->recent());
  if (phase_ == Phase::Head) arm(headDeadline());
}

void Connection::close() noexcept {
  if (!socket_) return;
  TimerWheel::remove(*this);
  budget_->give(std::exchange(charged_, 0));
  // Before the client can see it: whoever saw a connection close may rely on its place.
  site().left(listener_, admitted_, phase_ != Phase::Lingering);
  socket_.reset();
}

}  // namespace penstock
