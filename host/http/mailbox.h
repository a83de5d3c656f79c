#pragma once

#include "http/answer.h"

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace penstock {

class Connection;

/// Answers on their way from other threads to a loop: the loop is woken once for all that gather until it looks.
/// Outlives the loop while a responder holds one of its connections; what comes then is dropped.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
public:
  explicit Mailbox(boost::asio::io_context& context) : context_(&context) {}

  /// The calling thread is the loop's from now on.
  void claim() noexcept { owner_.store(std::this_thread::get_id()); }
  bool here() const noexcept { return owner_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }

  /// [any thread]
  void post(std::shared_ptr<Connection> to, Answer answer);

  /// [loop]
  void close() noexcept;

private:
  struct Letter {
    std::shared_ptr<Connection> to;
    Answer answer;
  };

  void deliver();

  std::atomic<std::thread::id> owner_{};
  std::mutex mutex_;
  boost::asio::io_context* context_;  ///< null once closed
  std::vector<Letter> letters_;
  std::vector<Letter> spare_;  ///< of the loop alone: room for the next batch
};

}  // namespace penstock
