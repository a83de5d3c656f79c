#pragma once

#include "penstock/log.h"

#include <Poco/AutoPtr.h>
#include <Poco/Channel.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace penstock::test {

/// A logger of its own whose lines the test can read.
class CapturedLog {
public:
  explicit CapturedLog(const std::string& name)
      : name_(name + "-" + std::to_string(++made())),
        lines_(new Lines),
        logger_(Poco::Logger::create(name_, lines_, Poco::Message::PRIO_TRACE)) {}
  ~CapturedLog() { Poco::Logger::destroy(name_); }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;

  Log log() { return Log(logger_); }
  std::vector<Poco::Message> lines() const { return lines_->all(); }

  /// How many lines carry this event id, such as queue.crash_suspect.
  std::size_t count(const std::string& event) const {
    const auto all = lines();
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(), [&](const Poco::Message& line) { return line.get("event", "") == event; }));
  }

private:
  class Lines final : public Poco::Channel {
  public:
    void log(const Poco::Message& message) override {
      std::lock_guard guard(mutex_);
      messages_.push_back(message);
    }
    std::vector<Poco::Message> all() const {
      std::lock_guard guard(mutex_);
      return messages_;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<Poco::Message> messages_;
  };

  static std::atomic<unsigned>& made() {
    static std::atomic<unsigned> count{0};
    return count;
  }

  std::string name_;
  Poco::AutoPtr<Lines> lines_;
  Poco::Logger& logger_;
};

}  // namespace penstock::test
