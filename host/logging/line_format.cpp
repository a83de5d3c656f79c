#include "logging/line_format.h"

#include "logging/escape.h"

#include <Poco/Message.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace penstock {
namespace {

constexpr unsigned kMostFields = 48;
constexpr std::array<std::string_view, 5> kHeadNames{"time", "level", "logger", "message", "event"};

void putDigits(char* to, int count, unsigned value) {
  for (int i = count - 1; i >= 0; --i, value /= 10) to[i] = static_cast<char>('0' + value % 10);
}

/// RFC 3339 to the second; most lines of a thread fall into the same one.
std::string_view wholeSecond(std::int64_t second) {
  thread_local std::int64_t known = -1;
  thread_local std::array<char, 19> text{};
  if (second != known) {
    using namespace std::chrono;
    const sys_seconds time{seconds(second)};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    text = {'0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T', '0', '0', ':', '0', '0', ':', '0', '0'};
    putDigits(&text[0], 4, static_cast<unsigned>(static_cast<int>(date.year())));
    putDigits(&text[5], 2, static_cast<unsigned>(date.month()));
    putDigits(&text[8], 2, static_cast<unsigned>(date.day()));
    putDigits(&text[11], 2, static_cast<unsigned>(clock.hours().count()));
    putDigits(&text[14], 2, static_cast<unsigned>(clock.minutes().count()));
    putDigits(&text[17], 2, static_cast<unsigned>(clock.seconds().count()));
    known = second;
  }
  return {text.data(), text.size()};
}

void appendTime(std::string& out, std::int64_t microseconds) {
  const std::int64_t time = std::max<std::int64_t>(microseconds, 0);
  out += wholeSecond(time / 1'000'000);
  std::array<char, 5> fraction{'.', '0', '0', '0', 'Z'};
  putDigits(&fraction[1], 3, static_cast<unsigned>(time % 1'000'000 / 1000));
  out.append(fraction.data(), fraction.size());
}

bool isWord(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '='; });
}

}  // namespace

std::string_view levelWord(int priority) {
  static constexpr std::array<std::string_view, 9> words{"none",   "fatal",       "critical", "error", "warning",
                                                         "notice", "information", "debug",    "trace"};
  return priority > 0 && priority < 9 ? words[static_cast<std::size_t>(priority)]
                                      : words[Poco::Message::PRIO_INFORMATION];
}

void LineWriter::begin(const LineHead& head) {
  if (format_ == LineFormat::Json) {
    out_ += R"({"time":")";
    appendTime(out_, head.microseconds);
    out_ += R"(","level":")";
    out_ += levelWord(head.priority);
    out_ += '"';
    member("logger", head.logger);
    member("message", head.sentence);
    if (!head.event.empty()) member("event", head.event);
    return;
  }
  appendTime(out_, head.microseconds);
  out_ += ' ';
  out_ += levelWord(head.priority);
  out_ += ' ';
  appendEscaped(out_, head.logger.empty() ? "root" : head.logger, false);
  out_ += ": ";
  appendEscaped(out_, head.sentence, false);
  if (!head.event.empty()) member("event", head.event);
}

void LineWriter::member(std::string_view name, std::string_view value) {
  if (format_ == LineFormat::Json) {
    out_ += ",\"";
    appendEscaped(out_, name, true);
    out_ += "\":\"";
    appendEscaped(out_, value, true);
    out_ += '"';
    return;
  }
  out_ += ' ';
  appendEscaped(out_, name, false);
  out_ += '=';
  if (isWord(value)) return appendEscaped(out_, value, false);
  out_ += '"';
  appendEscaped(out_, value, true);
  out_ += '"';
}

void LineWriter::field(std::string_view name, std::string_view value) {
  if (++fields_ > kMostFields) return;
  if (std::ranges::find(kHeadNames, name) == kHeadNames.end()) return member(name, value);
  member(std::string(name) + '_', value);
}

void LineWriter::end() { out_ += format_ == LineFormat::Json ? "}\n" : "\n"; }

}  // namespace penstock
