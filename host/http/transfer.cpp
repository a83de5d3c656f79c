#include "http/connection.h"

#include <boost/asio/buffer.hpp>

#include <sys/ioctl.h>
#include <sys/socket.h>

namespace penstock {
namespace {

constexpr std::size_t kWriteStride = std::size_t{64} << 10;  // a slow reader's progress that earns new time
constexpr std::size_t kChunkSlack = std::size_t{16} << 10;   // for size lines and trailers beside the body
constexpr std::size_t kKeptScratch = std::size_t{256} << 10;
constexpr int kDiscards = 16;  // reads of waste before other connections get their turn

bool wouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK; }

ssize_t sendSome(int socket, std::string_view bytes) {
  ssize_t sent = 0;
  do {
    sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

bool hasUnread(int socket) {
  int waiting = 0;
  return ::ioctl(socket, FIONREAD, &waiting) == 0 && waiting > 0;
}

}  // namespace

void Connection::read() {
  if (reading_) return;
  std::size_t limit = site().options.max_header_bytes + 2;
  if (phase_ == Phase::Body)
    limit = exchange_->head.size + (exchange_->head.chunked ? largestBody() + kChunkSlack
                                                            : static_cast<std::size_t>(exchange_->head.content_length));
  if (!in_.prepare(limit)) {
    refuse({RefusalCode::Overloaded, "Too much is being received at once; try again shortly.", {}});
    if (flush()) settle();
    return;
  }
  reading_ = true;
  socket_->async_read_some(boost::asio::buffer(in_.space(), in_.room()),
                           [self = shared_from_this()](const boost::system::error_code& failure, std::size_t bytes) {
                             self->reading_ = false;
                             if (self->socket_) self->received(failure, bytes);
                           });
}

void Connection::received(const boost::system::error_code& failure, std::size_t bytes) {
  loop_->now();
  if (failure == boost::asio::error::eof) return ended();
  if (failure) return close();
  if (phase_ == Phase::Lingering) return discard();
  if (phase_ == Phase::Closing) return;
  in_.commit(bytes);
  work();
}

/// The client has sent all it will; it may still be reading.
void Connection::ended() {
  ended_ = true;
  if (phase_ == Phase::Closing) return;
  if (phase_ != Phase::Head && phase_ != Phase::Body) return close();
  const Loop::Turn turn(*loop_, *this);
  refuse({RefusalCode::BodyCut, "The request ended before it was whole.", {}});
  if (flush()) settle();
}

/// Writes what has been gathered. False when the connection is closed or waits for the client to take bytes.
bool Connection::flush() {
  if (!socket_) return false;
  std::string& bytes = loop_->out();
  if (writing_) {
    if (!bytes.empty() && keep(bytes, 0)) bytes.clear();
    return false;
  }
  if (bytes.empty()) return true;
  const ssize_t sent = sendSome(socket_->native_handle(), bytes);
  if (sent < 0 && !wouldBlock()) {
    bytes.clear();
    close();
    return false;
  }
  const std::size_t written = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  const bool whole = written == bytes.size();
  if (!whole && keep(bytes, written)) awaitWritable();
  bytes.clear();
  if (bytes.capacity() > kKeptScratch) bytes.shrink_to_fit();
  return whole;
}

/// Keeps bytes for later, all but the first `written`. False when the budget is used up and the connection is cut.
bool Connection::keep(std::string& bytes, std::size_t written) {
  const std::size_t added = out_.empty() ? bytes.capacity() : bytes.size();
  if (!budget_->take(added)) {
    bytes.clear();
    cut(CutReason::Overloaded);
    return false;
  }
  charged_ += added;
  if (out_.empty()) {
    out_.swap(bytes);
    written_ = written;
    stride_ = 0;
    loop_->now();
    arm(loop_->recent() + site().options.write_timeout);
  } else {
    out_.append(bytes, written);
  }
  return true;
}

void Connection::awaitWritable() {
  writing_ = true;
  socket_->async_wait(Socket::wait_write, [self = shared_from_this()](const boost::system::error_code& failure) {
    self->writing_ = false;
    if (!self->socket_) return;
    if (failure) return self->close();
    self->writable();
  });
}

void Connection::writable() {
  const ssize_t sent = sendSome(socket_->native_handle(), std::string_view(out_).substr(written_));
  if (sent < 0 && !wouldBlock()) return close();
  loop_->now();
  if (sent > 0) {
    written_ += static_cast<std::size_t>(sent);
    stride_ += static_cast<std::size_t>(sent);
  }
  if (written_ < out_.size()) {
    if (stride_ >= kWriteStride) {
      stride_ = 0;
      arm(loop_->recent() + site().options.write_timeout);
    }
    return awaitWritable();
  }
  budget_->give(std::exchange(charged_, 0));
  std::string().swap(out_);
  written_ = 0;
  work();
}

void Connection::cut(CutReason reason) {
  site().metrics.cut(reason).add();
  close();
}

/// The last answer is with the kernel. Closing at once while bytes are unread would send a reset, which can overtake
/// the answer (RFC 9112, 9.6).
void Connection::finishClosing() {
  const int socket = socket_->native_handle();
  if (ended_ || (!linger_ && in_.size() == 0 && !hasUnread(socket))) return close();
  ::shutdown(socket, SHUT_WR);
  phase_ = Phase::Lingering;
  if (admitted_) site().census[static_cast<std::size_t>(listener_)].answered();
  arm(loop_->recent() + site().options.linger_timeout);
  discard();
}

void Connection::discard() {
  auto& waste = loop_->waste();
  for (int i = 0; i < kDiscards; ++i) {
    const ssize_t got = ::recv(socket_->native_handle(), waste.data(), waste.size(), MSG_DONTWAIT);
    if (got < 0 && wouldBlock()) break;
    if (got <= 0) return close();
    lingered_ += static_cast<std::size_t>(got);
    if (lingered_ > site().options.max_linger) return close();
  }
  if (reading_) return;
  reading_ = true;
  socket_->async_wait(Socket::wait_read, [self = shared_from_this()](const boost::system::error_code& failure) {
    self->reading_ = false;
    if (!self->socket_) return;
    if (failure) return self->close();
    self->discard();
  });
}

}  // namespace penstock
