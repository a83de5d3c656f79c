#include "http/answer.h"

#include "http/text.h"
#include "penstock/json.h"

#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace penstock {
namespace {

struct Default {
  std::string_view name;  ///< lower-case
  std::string_view line;
};

constexpr std::array kDefaults{
    Default{"x-content-type-options", "X-Content-Type-Options: nosniff\r\n"},
    Default{"x-frame-options", "X-Frame-Options: DENY\r\n"},
    Default{"referrer-policy", "Referrer-Policy: no-referrer\r\n"},
    Default{"content-security-policy", "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"},
    Default{"cache-control", "Cache-Control: no-store\r\n"},
};

/// Written by the listener alone, whatever a handler says.
constexpr std::array<std::string_view, 9> kOwned{"content-length", "content-type",      "date",
                                                 "x-request-id",   "transfer-encoding", "connection",
                                                 "upgrade",        "trailer",           "server"};

bool owned(std::string_view name) {
  return std::any_of(kOwned.begin(), kOwned.end(),
                     [name](std::string_view own) { return equalIgnoringCase(name, own); });
}

std::string_view reason(unsigned status) {
  const boost::beast::string_view phrase =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  return {phrase.data(), phrase.size()};
}

void appendNumber(std::string& out, std::size_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void appendField(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

/// Headers of the handler, cleaned, and the defaults that it did not replace.
void appendHeaders(std::string& out, const HttpResponse& response) {
  for (const auto& [name, value] : response.headers) {
    if (!isToken(name) || owned(name)) continue;
    out.append(name).append(": ");
    for (const char c : value) out.push_back(isFieldByte(c) ? c : ' ');
    out.append("\r\n");
  }
  for (const Default& entry : kDefaults)
    if (std::none_of(response.headers.begin(), response.headers.end(),
                     [&](const auto& header) { return equalIgnoringCase(header.first, entry.name); }))
      out.append(entry.line);
}

bool hasNoBody(unsigned status) { return status == 204 || status == 304; }

void appendHead(std::string& out, const AnswerFrame& frame, const HttpResponse& response) {
  out.append("HTTP/1.1 ");
  appendNumber(out, response.status);
  out.append(" ").append(reason(response.status)).append("\r\n");
  appendField(out, "Date", frame.date);
  if (!hasNoBody(response.status)) {
    if (!response.content_type.empty()) appendField(out, "Content-Type", response.content_type);
    out.append("Content-Length: ");
    appendNumber(out, response.body.size());
    out.append("\r\n");
  }
  appendField(out, "X-Request-Id", frame.request_id);
  if (!frame.allow.empty()) appendField(out, "Allow", frame.allow);
  appendHeaders(out, response);
  if (frame.close)
    out.append("Connection: close\r\n");
  else if (frame.http_1_0)
    out.append("Connection: keep-alive\r\n");
  out.append("\r\n");
}

std::string document(const AnswerFrame& frame, const Problem& problem) {
  std::string text;
  JsonWriter json(text);
  json.beginObject();
  json.member("type", "about:blank");
  json.member("title", reason(problem.status));
  json.member("status", problem.status);
  json.member("detail", problem.detail);
  json.member("instance", frame.instance);
  json.member("code", problem.code);
  json.member("request_id", frame.request_id);
  if (!problem.errors.empty()) {
    json.name("errors");
    json.beginArray();
    for (const Fault& fault : problem.errors) {
      json.beginObject();
      json.member("field", fault.field);
      json.member("message", fault.message);
      json.endObject();
    }
    json.endArray();
  }
  json.endObject();
  return text;
}

}  // namespace

Problem internalError(std::string_view detail) {
  Problem problem;
  problem.code = "internal_error";
  problem.detail = detail;
  return problem;
}

unsigned write(std::string& out, const AnswerFrame& frame, const HttpResponse& response) {
  if (response.status < 200 || response.status > 599 || reason(response.status) == "<unknown-status>")
    return write(out, frame, internalError("The answer was unusable."));
  appendHead(out, frame, response);
  if (!frame.head_only && !hasNoBody(response.status)) out.append(response.body);
  return response.status;
}

unsigned write(std::string& out, const AnswerFrame& frame, const Problem& problem) {
  HttpResponse response{problem.status, "application/problem+json", document(frame, problem), {}};
  if (problem.retry_after) response.headers.emplace_back("Retry-After", std::to_string(*problem.retry_after));
  return write(out, frame, response);
}

std::string formatDate(std::time_t now) {
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 64> text;
  const int length = std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                   kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                                   kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                                   utc.tm_min, utc.tm_sec);
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace penstock
