#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace penstock {

/// Bytes that all connections together may hold. [any thread]
class Budget {
public:
  explicit Budget(std::size_t limit) : limit_(limit) {}

  /// False, and nothing is taken, when that would pass the limit.
  bool take(std::size_t bytes) noexcept {
    if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= limit_) return true;
    give(bytes);
    return false;
  }
  void give(std::size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }

private:
  const std::size_t limit_;
  std::atomic<std::size_t> used_{0};
};

/// What a connection has received and not yet used up. The first kilobyte lies in the connection itself, so that an
/// idle one, or one that trickles a small head, costs nothing more; what is beyond comes out of the budget.
class Buffer {
public:
  explicit Buffer(Budget& budget) : budget_(budget) {}
  ~Buffer() { releaseHeap(); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  char* data() { return heap_ ? heap_.get() : inline_.data(); }
  std::size_t size() const { return size_; }
  std::string_view view() { return {data(), size_}; }
  char* space() { return data() + size_; }
  std::size_t room() const { return capacity_ - size_; }

  /// Makes room for one more byte at least, growing by doubling up to `limit`, which must be more than size(). False
  /// when the budget is used up.
  bool prepare(std::size_t limit) {
    if (room() > 0) return true;
    const std::size_t wanted = std::min(capacity_ * 2, limit);
    if (!budget_.take(wanted)) return false;
    auto larger = std::make_unique_for_overwrite<char[]>(wanted);
    std::memcpy(larger.get(), data(), size_);
    releaseHeap();
    heap_ = std::move(larger);
    capacity_ = wanted;
    return true;
  }
  void commit(std::size_t bytes) { size_ += bytes; }
  void resize(std::size_t bytes) { size_ = bytes; }  // to less

  /// Drops bytes from the front; goes back to the inline kilobyte when the rest fits.
  void consume(std::size_t bytes) {
    const std::size_t left = size_ - bytes;
    if (heap_ && left <= kInline) {
      std::memcpy(inline_.data(), data() + bytes, left);
      releaseHeap();
    } else if (left > 0) {
      std::memmove(data(), data() + bytes, left);
    }
    size_ = left;
  }

private:
  static constexpr std::size_t kInline = 1024;

  void releaseHeap() {
    if (!heap_) return;
    heap_.reset();
    budget_.give(capacity_);
    capacity_ = kInline;
  }

  Budget& budget_;
  std::unique_ptr<char[]> heap_;
  std::size_t capacity_ = kInline;
  std::size_t size_ = 0;
  std::array<char, kInline> inline_;
};

}  // namespace penstock
