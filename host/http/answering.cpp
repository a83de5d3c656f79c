#include "http/connection.h"

namespace penstock {
namespace {

const Refusal kAsterisk{RefusalCode::BadTarget, "The target * goes with OPTIONS only.", {}};

Problem problemOf(const Refusal& refusal) {
  const RefusalKind& kind = refusal.kind();
  Problem problem{kind.status, kind.word, std::string(refusal.detail), {}, {}};
  if (kind.retry_after > 0) problem.retry_after = kind.retry_after;
  return problem;
}

}  // namespace

void Connection::take(Answer given) noexcept {
  if (!mailbox_->here() || !loop_->isTurnOf(*this)) return mailbox_->post(shared_from_this(), std::move(given));
  if (std::holds_alternative<Abandoned>(given))
    dropped_ = true;
  else
    answer(std::move(given));
}

/// An answer that came from another thread or another connection's turn.
void Connection::deliver(Answer given) {
  loop_->now();
  const Loop::Turn turn(*loop_, *this);
  if (!socket_) {
    loop_->answered();
    return;
  }
  answer(std::move(given));
  work();
}

void Connection::answer(Answer given) {
  if (std::holds_alternative<Abandoned>(given)) {
    site().metrics.abandoned().add();
    site().log.error("http.abandoned", "The handler of a request dropped it without an answer.",
                     {{"route", exchange_->entry->route.pattern}, {"request_id", exchange_->request_id}});
    given = internalError("The request was not finished.");
  }
  closing_ = closing_ || !exchange_->head.keep_alive || site().draining;
  std::string& out = loop_->out();
  const AnswerFrame framed = frame();
  const unsigned status = std::holds_alternative<HttpResponse>(given)
                              ? write(out, framed, std::get<HttpResponse>(given))
                              : write(out, framed, std::get<Problem>(given));
  site().metrics.response(status).add();
  exchange_->entry->seconds->observe(std::chrono::duration<double>(loop_->now() - received_).count());
  loop_->answered();
  phase_ = Phase::Answered;
}

/// OPTIONS *: a ping of the server itself (RFC 9110, 9.3.7).
void Connection::answerOptions() {
  if (exchange_->head.verb != Verb::Options) return refuse(kAsterisk);
  if (exchange_->head.hasBody()) return refuse({RefusalCode::BadTarget, "OPTIONS * takes no body.", {}});
  closing_ = !exchange_->head.keep_alive || site().draining;
  AnswerFrame framed = frame();
  framed.allow = "GET, HEAD, POST, PUT, DELETE, OPTIONS";
  site().metrics.response(write(loop_->out(), framed, HttpResponse{204, {}, {}, {}})).add();
  phase_ = Phase::Answered;
}

/// Refuses what breaks framing or was not read whole: the connection is of no use afterwards.
void Connection::refuse(const Refusal& refusal) {
  if (!exchange_) exchange_ = loop_->takeExchange();
  closing_ = linger_ = true;
  decline(refusal);
  phase_ = Phase::Closing;
}

/// Refuses a request whose head is fine. The connection goes on unless a body would follow.
void Connection::decline(const Refusal& refusal) {
  linger_ = linger_ || exchange_->head.hasBody();
  closing_ = closing_ || linger_ || !exchange_->head.keep_alive || site().draining;
  AnswerFrame framed = frame();
  framed.allow = refusal.allow;
  site().metrics.response(write(loop_->out(), framed, problemOf(refusal))).add();
  site().metrics.refused(refusal.code).add();
  if (exchange_->head.size > 0) {
    Histogram& seconds = exchange_->entry != nullptr ? *exchange_->entry->seconds : site().metrics.noRoute();
    seconds.observe(std::chrono::duration<double>(loop_->now() - received_).count());
  }
  phase_ = linger_ ? Phase::Closing : Phase::Answered;
}

AnswerFrame Connection::frame() {
  Exchange& exchange = *exchange_;
  exchange.bind(in_.data());
  if (exchange.request_id.empty()) loop_->ids().make(exchange.request_id);
  AnswerFrame framed;
  framed.date = loop_->date();
  framed.request_id = exchange.request_id;
  if (!exchange.target.path.empty()) framed.instance = exchange.target.path;
  framed.head_only = exchange.head.verb == Verb::Head;
  framed.close = closing_;
  framed.http_1_0 = exchange.head.http_1_0;
  return framed;
}

}  // namespace penstock
