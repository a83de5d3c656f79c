#include "memory-queue/key_window.h"

#include <utility>

namespace penstock::memory_queue {

KeyWindow::~KeyWindow() { finished_.clear(); }

std::optional<PublishResult> KeyWindow::known(const Record& record, SteadyTime now) const {
  const auto found = keys_.find(record.key);
  if (found == keys_.end()) return std::nullopt;
  const Entry& entry = found->second;
  if (!entry.record && entry.until <= now) return std::nullopt;
  const bool same = entry.fingerprint == record.fingerprint;
  return PublishResult{same ? PublishVerdict::Duplicate : PublishVerdict::Conflict, entry.id};
}

Record& KeyWindow::claim(std::unique_ptr<Record> record, SteadyTime now) {
  Entry& entry = keys_[record->key];
  unlink(entry);
  entry.key = record->key;
  entry.fingerprint = record->fingerprint;
  entry.id = record->id;
  entry.until = after(now, window_);
  entry.record = std::move(record);
  return *entry.record;
}

Record* KeyWindow::find(const Digest128& key) const {
  const auto found = keys_.find(key);
  return found == keys_.end() ? nullptr : found->second.record.get();
}

std::uint64_t KeyWindow::finish(Record& record, SteadyTime now, std::vector<std::unique_ptr<Record>>& garbage) {
  const auto found = keys_.find(record.key);
  Entry& entry = found->second;
  garbage.push_back(std::move(entry.record));
  if (entry.until <= now) {
    keys_.erase(found);
    return 0;
  }
  finished_.push_back(entry);
  if (++finished_count_ <= max_finished_) return 0;
  forgetLongestFinished();
  return 1;
}

void KeyWindow::expire(SteadyTime now) {
  while (!finished_.empty() && finished_.front().until <= now) forgetLongestFinished();
}

void KeyWindow::unlink(Entry& entry) {
  if (!entry.finished_hook.is_linked()) return;
  finished_.erase(finished_.iterator_to(entry));
  --finished_count_;
}

void KeyWindow::forgetLongestFinished() {
  Entry& entry = finished_.front();
  unlink(entry);
  keys_.erase(keys_.find(entry.key));
}

}  // namespace penstock::memory_queue
