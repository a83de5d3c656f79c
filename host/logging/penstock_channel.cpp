#include "logging/penstock_channel.h"

#include "config/quantity.h"
#include "logging/message_parameters.h"

#include <Poco/Exception.h>

#include <system_error>

namespace penstock {
namespace {

using namespace std::chrono_literals;

constexpr auto kFatalPatience = 250ms;
constexpr std::size_t kKeptLine = 64U << 10U;

/// The calling thread's own buffer, empty.
std::string& lineBuffer() {
  thread_local std::string buffer;
  if (buffer.capacity() > kKeptLine) std::string().swap(buffer);
  buffer.clear();
  return buffer;
}

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string dropReport(LineFormat format, std::uint64_t dropped) {
  std::string text;
  LineWriter writer(format, text);
  const std::string count = std::to_string(dropped);
  writer.begin({now(), Poco::Message::PRIO_WARNING, "logging", "logging.dropped",
                count + " lines of the log were lost because they came faster than they could be written"});
  writer.field("count", count);
  writer.end();
  return text;
}

}  // namespace

void PenstockChannel::log(const Poco::Message& message) {
  LineSink& sink = opened();
  std::string& text = lineBuffer();
  LineWriter writer(format(), text);
  const auto* parameters = parametersOf(message);
  const auto event = parameters == nullptr ? decltype(parameters->end()){} : parameters->find("event");
  const bool has_event = parameters != nullptr && event != parameters->end();
  writer.begin({message.getTime().epochMicroseconds(), message.getPriority(), message.getSource(),
                has_event ? std::string_view(event->second) : std::string_view(), message.getText()});
  if (parameters != nullptr)
    for (const auto& [name, value] : *parameters)
      if (name != "event") writer.field(name, value);
  writer.end();
  write(sink, text, message.getPriority());
}

void PenstockChannel::line(const std::string& logger, Poco::Message::Priority priority, std::string_view event,
                           std::string_view sentence, LogFields fields) {
  LineSink& sink = opened();
  std::string& text = lineBuffer();
  LineWriter writer(format(), text);
  writer.begin({now(), priority, logger, event, sentence});
  for (const LogField& field : fields) writer.field(field.name, field.value);
  writer.end();
  write(sink, text, priority);
}

void PenstockChannel::write(LineSink& sink, const std::string& text, Poco::Message::Priority priority) {
  sink.append(text, priority <= Poco::Message::PRIO_ERROR);
  if (priority <= Poco::Message::PRIO_CRITICAL) sink.flush(kFatalPatience);
}

LineSink& PenstockChannel::opened() {
  if (LineSink* sink = opened_.load(std::memory_order_acquire)) return *sink;
  open();
  return *opened_.load(std::memory_order_acquire);
}

void PenstockChannel::open() {
  const std::lock_guard lock(mutex_);
  if (sink_) return;
  try {
    LineSink::Options options;
    options.destination = destination_;
    options.capacity = buffer_;
    options.report = [this](std::uint64_t dropped) { return dropReport(format(), dropped); };
    sink_ = std::make_unique<LineSink>(std::move(options));
  } catch (const std::system_error& error) {
    throw Poco::OpenFileException(error.what());
  }
  const bool text = wanted_format_ == "text" || (wanted_format_ == "auto" && sink_->isTerminal());
  format_.store(text ? LineFormat::Text : LineFormat::Json);
  opened_.store(sink_.get(), std::memory_order_release);
}

void PenstockChannel::close() {
  if (LineSink* sink = opened_.load(std::memory_order_acquire)) sink->stop();
}

void PenstockChannel::setProperty(const std::string& name, const std::string& value) {
  const std::lock_guard lock(mutex_);
  if (name == "destination" && !value.empty()) {
    destination_ = value;
  } else if (name == "format" && (value == "auto" || value == "json" || value == "text")) {
    wanted_format_ = value;
  } else if (name == "buffer" && parseSize(value).value_or(0) > 0) {
    buffer_ = *parseSize(value);
  } else if (name == "destination" || name == "format" || name == "buffer") {
    throw Poco::InvalidArgumentException("PenstockChannel: " + name + " cannot be " + value);
  } else {
    LineChannel::setProperty(name, value);
  }
}

std::string PenstockChannel::getProperty(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  if (name == "destination") return destination_;
  if (name == "format") return wanted_format_;
  if (name == "buffer") return std::to_string(buffer_);
  return LineChannel::getProperty(name);
}

}  // namespace penstock
