#pragma once

#include "logging/line_format.h"
#include "logging/line_sink.h"
#include "penstock/log.h"

#include <Poco/Channel.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace penstock {

/// A Poco channel that writes one line for each message, formatted on the calling thread and written by another.
/// Properties: `destination`, `format` (auto, json, text) and `buffer` (bytes, or 4MB). They count until the channel is
/// open, which the first message or open() makes it. [any thread]
class PenstockChannel : public LineChannel {
public:
  void log(const Poco::Message& message) override;
  void line(const std::string& logger, Poco::Message::Priority priority, std::string_view event,
            std::string_view sentence, LogFields fields) override;

  /// [throws: Poco::OpenFileException]
  void open() override;
  /// Writes what is left. What comes later is written at once, if the destination takes it.
  void close() override;

  void setProperty(const std::string& name, const std::string& value) override;
  std::string getProperty(const std::string& name) const override;

  /// Null until open.
  LineSink* sink() const { return opened_.load(std::memory_order_acquire); }

protected:
  ~PenstockChannel() override = default;

private:
  LineSink& opened();
  void write(LineSink& sink, const std::string& text, Poco::Message::Priority priority);
  LineFormat format() const { return format_.load(std::memory_order_relaxed); }

  mutable std::mutex mutex_;  // guards properties and opening
  std::string destination_ = "stderr";
  std::string wanted_format_ = "auto";
  std::size_t buffer_ = 4U << 20U;
  std::unique_ptr<LineSink> sink_;
  std::atomic<LineSink*> opened_{nullptr};
  std::atomic<LineFormat> format_{LineFormat::Json};
};

}  // namespace penstock
