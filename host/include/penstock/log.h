#pragma once

#include <Poco/Channel.h>
#include <Poco/Logger.h>

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace penstock {

/// A field of a log line. Never a body, a secret, or an address in clear: text that may hold an address goes through
/// Policy::redact first.
struct LogField {
  std::string_view name;
  std::string_view value;
};

using LogFields = std::span<const LogField>;

/// A channel that takes a line and its fields as they are: Log hands them over without making a Poco::Message, which
/// costs more than the rest of the line. A logger whose channel is another one gets a Poco::Message.
class LineChannel : public Poco::Channel {
public:
  /// [any thread] [does not block]
  virtual void line(const std::string& logger, Poco::Message::Priority priority, std::string_view event,
                    std::string_view sentence, LogFields fields) = 0;
};

/// A Poco logger with structured fields. `event` is a stable id such as worker.lease_lost, the sentence is for people.
/// Fields travel as Poco::Message parameters, or as they are to a LineChannel. Any logger of the same name elsewhere
/// shares its level and channel. [any thread] [does not block]
class Log {
public:
  explicit Log(Poco::Logger& logger) : logger_(&logger) {}

  using Fields = std::initializer_list<LogField>;
  void debug(std::string_view event, std::string_view sentence, Fields fields = {}) const {
    write(Poco::Message::PRIO_DEBUG, event, sentence, fields);
  }
  void information(std::string_view event, std::string_view sentence, Fields fields = {}) const {
    write(Poco::Message::PRIO_INFORMATION, event, sentence, fields);
  }
  void notice(std::string_view event, std::string_view sentence, Fields fields = {}) const {
    write(Poco::Message::PRIO_NOTICE, event, sentence, fields);
  }
  void warning(std::string_view event, std::string_view sentence, Fields fields = {}) const {
    write(Poco::Message::PRIO_WARNING, event, sentence, fields);
  }
  void error(std::string_view event, std::string_view sentence, Fields fields = {}) const {
    write(Poco::Message::PRIO_ERROR, event, sentence, fields);
  }
  void critical(std::string_view event, std::string_view sentence, Fields fields = {}) const {
    write(Poco::Message::PRIO_CRITICAL, event, sentence, fields);
  }
  bool informs() const { return logger_->information(); }

private:
  void write(Poco::Message::Priority priority, std::string_view event, std::string_view sentence, Fields fields) const {
    if (!logger_->is(priority)) return;
    Poco::Channel::Ptr channel = logger_->getChannel();
    if (auto* lines = dynamic_cast<LineChannel*>(channel.get()))
      return lines->line(logger_->name(), priority, event, sentence, {fields.begin(), fields.size()});
    Poco::Message message(logger_->name(), std::string(sentence), priority);
    message.set("event", std::string(event));
    for (const LogField& field : fields) message.set(std::string(field.name), std::string(field.value));
    logger_->log(message);
  }
  Poco::Logger* logger_;
};

}  // namespace penstock
