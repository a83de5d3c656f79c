#pragma once

#include "penstock/time.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock {

/// Appends JSON text (RFC 8259) to a string without building a tree. The caller keeps the order right; commas come by
/// themselves. Text must be UTF-8; control characters, quotes and backslashes are escaped, everything else is copied.
class JsonWriter {
public:
  explicit JsonWriter(std::string& target) : out_(target) {}

  JsonWriter& beginObject() { return open('{'); }
  JsonWriter& endObject() { return close('}'); }
  JsonWriter& beginArray() { return open('['); }
  JsonWriter& endArray() { return close(']'); }

  /// Name of the next member.
  JsonWriter& name(std::string_view text) {
    separate();
    quote(text);
    out_.push_back(':');
    first_ = true;
    return *this;
  }
  JsonWriter& value(std::string_view text) {
    separate();
    quote(text);
    return *this;
  }
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(std::int64_t number) { return raw(std::to_string(number)); }
  JsonWriter& value(std::uint64_t number) { return raw(std::to_string(number)); }
  JsonWriter& value(int number) { return raw(std::to_string(number)); }
  JsonWriter& value(unsigned number) { return raw(std::to_string(number)); }
  JsonWriter& value(bool truth) { return raw(truth ? "true" : "false"); }
  JsonWriter& value(WallTime time) { return value(std::string_view(formatTime(time))); }
  JsonWriter& null() { return raw("null"); }

  /// A value that is JSON text already.
  JsonWriter& raw(std::string_view json) {
    separate();
    out_.append(json);
    return *this;
  }

  /// name and value in one.
  template <typename Value>
  JsonWriter& member(std::string_view key, const Value& what) {
    name(key);
    return value(what);
  }

private:
  JsonWriter& open(char bracket) {
    separate();
    out_.push_back(bracket);
    first_ = true;
    return *this;
  }
  JsonWriter& close(char bracket) {
    out_.push_back(bracket);
    first_ = false;
    return *this;
  }
  void separate() {
    if (!first_) out_.push_back(',');
    first_ = false;
  }
  void quote(std::string_view text);

  std::string& out_;
  bool first_ = true;
};

}  // namespace penstock
