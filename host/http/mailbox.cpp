#include "http/mailbox.h"

#include "http/connection.h"

#include <boost/asio/post.hpp>

namespace penstock {

void Mailbox::post(std::shared_ptr<Connection> to, Answer answer) {
  std::lock_guard guard(mutex_);
  if (context_ == nullptr) return;
  letters_.push_back(Letter{std::move(to), std::move(answer)});
  if (letters_.size() == 1) boost::asio::post(*context_, [self = shared_from_this()] { self->deliver(); });
}

void Mailbox::deliver() {
  std::vector<Letter> batch = std::move(spare_);
  {
    std::lock_guard guard(mutex_);
    letters_.swap(batch);
  }
  for (Letter& letter : batch) letter.to->deliver(std::move(letter.answer));
  batch.clear();
  spare_ = std::move(batch);
}

void Mailbox::close() noexcept {
  owner_.store(std::thread::id{});
  std::vector<Letter> dropped;
  std::lock_guard guard(mutex_);
  context_ = nullptr;
  letters_.swap(dropped);
}

}  // namespace penstock
