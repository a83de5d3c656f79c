#pragma once

#include "memory-queue/record.h"

#include <optional>
#include <unordered_map>

namespace penstock::memory_queue {

/// Every key the queue knows: of events it holds, and for the key window also of events it no longer holds. Owns the
/// events. Not synchronised.
class KeyWindow {
public:
  KeyWindow(Duration window, std::uint64_t max_finished) : window_(window), max_finished_(max_finished) {}
  ~KeyWindow();
  KeyWindow(const KeyWindow&) = delete;
  KeyWindow& operator=(const KeyWindow&) = delete;

  /// Duplicate or Conflict when the key is known.
  std::optional<PublishResult> known(const Record& record, SteadyTime now) const;
  /// Takes an event whose key is not known.
  Record& claim(std::unique_ptr<Record> record, SteadyTime now);
  /// The event that holds the key, or nullptr.
  Record* find(const Digest128& key) const;
  /// Gives up the event; its key stays known until its window has passed. Returns how many other keys had to be
  /// forgotten early.
  std::uint64_t finish(Record& record, SteadyTime now, std::vector<std::unique_ptr<Record>>& garbage);

  void expire(SteadyTime now);
  /// When expire has work again.
  SteadyTime due() const { return finished_.empty() ? SteadyTime::max() : finished_.front().until; }
  std::uint64_t held() const { return keys_.size() - finished_count_; }

private:
  struct Entry {
    Digest128 key;
    Digest128 fingerprint;
    Uuid id;
    SteadyTime until{};
    std::unique_ptr<Record> record;
    intrusive::list_member_hook<SafeLink> finished_hook;
  };
  using Finished =
      intrusive::list<Entry,
                      intrusive::member_hook<Entry, intrusive::list_member_hook<SafeLink>, &Entry::finished_hook>>;

  void unlink(Entry& entry);
  void forgetLongestFinished();

  Duration window_;
  std::uint64_t max_finished_;
  std::unordered_map<Digest128, Entry, IdentityHash> keys_;
  Finished finished_;  ///< keys without an event, longest finished first
  std::uint64_t finished_count_ = 0;
};

}  // namespace penstock::memory_queue
