#pragma once

#include "http/answer.h"
#include "http/buffer.h"
#include "http/exchange.h"
#include "http/loop.h"
#include "http/refusal.h"
#include "http/timer_wheel.h"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <optional>
#include <string>

namespace penstock {

/// A client's connection. Lives on one loop; only the methods of Sink are called from other threads. Requests are read
/// and answered one at a time, in order. What keeps it alive is whoever will call it next: the loop's pending
/// operation, or the responder of the request it waits for.
///
/// Each thing that happens (bytes, an answer, room to write, a deadline) gives it a turn: it steps as far as it can,
/// gathering answers in the loop's buffer, then writes them at once and says what it waits for.
class Connection final : public Responder::Sink,
                         public TimerWheel::Entry,
                         public std::enable_shared_from_this<Connection> {
public:
  using Socket =
      boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, boost::asio::io_context::executor_type>;

  /// One that is not `admitted` is over the cap: it is told so and let go.
  Connection(Loop& loop, Socket socket, ListenerName listener, std::string peer, bool admitted);

  void start();
  void drain();
  void close() noexcept;
  void deliver(Answer answer);
  void expire(SteadyTime now) noexcept override;

  void send(HttpResponse response) noexcept override { take(std::move(response)); }
  void send(Problem problem) noexcept override { take(std::move(problem)); }
  void abandon() noexcept override { take(Abandoned{}); }

private:
  enum class Phase : std::uint8_t {
    Idle,       ///< no byte of a request is here
    Head,       ///< part of a head is here
    Body,       ///< the request is admitted, its body comes
    Handling,   ///< a handler has it
    Answered,   ///< its answer is written or about to be
    Closing,    ///< the last answer is about to be written
    Lingering,  ///< waits for the client to close, so that it reads the answer before a reset can overtake it
  };

  // connection.cpp: turns and phases
  void work();
  bool step();
  bool scanHead();
  void openRequest();
  void admit();
  bool readBody();
  void dispatch();
  void finish();
  void settle();
  void yield();
  std::size_t largestBody() const;
  void arm(SteadyTime deadline) { loop_->wheel().set(*this, deadline); }
  SteadyTime headDeadline() const;

  // answering.cpp: answers and refusals
  void take(Answer answer) noexcept;
  void answer(Answer answer);
  void answerOptions();
  void refuse(const Refusal& refusal);
  void decline(const Refusal& refusal);
  AnswerFrame frame();

  // transfer.cpp: bytes in and out
  void read();
  void received(const boost::system::error_code& failure, std::size_t bytes);
  void ended();
  bool flush();
  bool keep(std::string& bytes, std::size_t written);
  void awaitWritable();
  void writable();
  void cut(CutReason reason);
  void finishClosing();
  void discard();

  Site& site() const { return loop_->site(); }

  Loop* const loop_;  ///< of no use once the socket is gone
  const std::shared_ptr<Mailbox> mailbox_;
  const std::shared_ptr<Budget> budget_;
  std::optional<Socket> socket_;  ///< empty once closed
  Buffer in_;
  HeadScanner scanner_;
  std::unique_ptr<Exchange> exchange_;
  SteadyTime received_{};  ///< first byte of the present request
  SteadyTime body_deadline_{};
  std::string out_;  ///< what the client has not taken yet
  std::size_t written_ = 0;
  std::size_t charged_ = 0;  ///< to the budget, for out_
  std::size_t stride_ = 0;   ///< written since the deadline was set
  std::size_t lingered_ = 0;
  const std::string peer_;
  const ListenerName listener_;
  Phase phase_ = Phase::Idle;
  bool admitted_;
  bool reading_ = false;  ///< an operation waits for bytes
  bool writing_ = false;  ///< an operation waits for room to write out_
  bool closing_ = false;  ///< after the present answer
  bool linger_ = false;
  bool ended_ = false;    ///< the client sends no more
  bool dropped_ = false;  ///< the handler that runs has dropped its responder
};

}  // namespace penstock
