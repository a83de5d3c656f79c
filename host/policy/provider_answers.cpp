#include "policy/provider_answers.h"

#include "policy/answers.h"
#include "policy/clean_text.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace penstock {
namespace {

constexpr std::size_t kLongestUrl = 8 << 10;
constexpr std::size_t kLongestBody = 1 << 20;
constexpr std::size_t kLongestHead = 32 << 10;
constexpr std::size_t kLongestId = 255;
constexpr std::size_t kLongestReason = 300;
constexpr std::size_t kMostHeaders = 64;
constexpr double kLongestWait = 366 * 86400.0;

/// Pushes a field and says whether it is there.
bool field(lua_State* lua, const char* name) {
  lua_pushstring(lua, name);
  lua_rawget(lua, -2);
  if (!lua_isnil(lua, -1)) return true;
  lua_pop(lua, 1);
  return false;
}

/// The text on top, which may be empty; nothing is popped.
std::string_view textOnTop(lua_State* lua, ScriptState& state, std::size_t longest) {
  if (lua_type(lua, -1) != LUA_TSTRING) state.refuseAnswer(lua, "must answer a text where one is expected");
  std::size_t size = 0;
  const char* text = lua_tolstring(lua, -1, &size);
  if (size > longest) state.refuseAnswer(lua, "answered a text that is too long");
  return {text, size};
}

bool isTokenCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// RFC 9110, 5.5, without obs-text: what a provider may be sent is ASCII.
bool isFieldValue(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == '\t' || (c >= ' ' && c <= '~'); });
}

class HeaderReader {
public:
  HeaderReader(lua_State* lua, ScriptState& state, OutboundRequest& request)
      : lua_(lua), state_(state), request_(request) {}

  /// Reads the table on top.
  void read() {
    if (!lua_istable(lua_, -1)) state_.refuseAnswer(lua_, "must answer headers as a table");
    for (lua_pushnil(lua_); lua_next(lua_, -2) != 0; lua_pop(lua_, 1)) readOne();
    std::ranges::stable_sort(request_.headers, {}, &std::pair<std::string, std::string>::first);
  }

private:
  void readOne() {
    if (lua_type(lua_, -2) != LUA_TSTRING) state_.refuseAnswer(lua_, "must name headers by texts");
    std::size_t size = 0;
    const char* text = lua_tolstring(lua_, -2, &size);
    const std::string_view name(text, size);
    if (name.empty() || !std::ranges::all_of(name, isTokenCharacter))
      state_.refuseAnswer(lua_, "answered a header whose name no header can have");
    if (!lua_istable(lua_, -1)) return add(name);
    const lua_Unsigned count = lua_rawlen(lua_, -1);
    for (lua_Unsigned i = 1; i <= count; ++i) {
      lua_rawgeti(lua_, -1, static_cast<lua_Integer>(i));
      add(name);
      lua_pop(lua_, 1);
    }
  }

  void add(std::string_view name) {
    const std::string_view value = textOnTop(lua_, state_, kLongestHead);
    if (!isFieldValue(value)) state_.refuseAnswer(lua_, "answered a header whose value no header can have");
    bytes_ += name.size() + value.size();
    if (bytes_ > kLongestHead || request_.headers.size() == kMostHeaders)
      state_.refuseAnswer(lua_, "answered too many or too long headers");
    request_.headers.emplace_back(name, value);
  }

  lua_State* lua_;
  ScriptState& state_;
  OutboundRequest& request_;
  std::size_t bytes_ = 0;
};

/// The provider's id: a text or a whole number.
std::string takeId(lua_State* lua, ScriptState& state) {
  if (lua_isinteger(lua, -1) != 0) {
    const std::string id = std::to_string(lua_tointeger(lua, -1));
    lua_pop(lua, 1);
    return id;
  }
  return takeText(lua, state, kLongestId, true);
}

/// Cut to a length that a log and a row may hold.
std::string takeReason(lua_State* lua, ScriptState& state) {
  std::string reason(textOnTop(lua, state, kLongestBody));
  if (reason.empty()) state.refuseAnswer(lua, "must answer a reason that is not empty");
  if (reason.size() > kLongestReason) {
    std::size_t cut = kLongestReason;
    while (cut > 0 && (static_cast<unsigned char>(reason[cut]) & 0xC0) == 0x80) --cut;
    reason.resize(cut);
  }
  if (faultOf(reason) != TextFault::None) state.refuseAnswer(lua, "answered a reason that is not UTF-8");
  std::ranges::replace_if(
      reason, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  lua_pop(lua, 1);
  return reason;
}

std::optional<Duration> takeRetryAfter(lua_State* lua, ScriptState& state) {
  if (!field(lua, "retry_after")) return std::nullopt;
  const double seconds = lua_type(lua, -1) == LUA_TNUMBER ? lua_tonumber(lua, -1) : -1;
  lua_pop(lua, 1);
  // Written so that NaN fails too. What is beyond a year is no fault: a provider may say anything.
  if (!(seconds >= 0)) state.refuseAnswer(lua, "must answer retry_after in seconds");
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(std::min(seconds, kLongestWait)));
}

int takeStatus(lua_State* lua, ScriptState& state) {
  if (!field(lua, "status")) return 0;
  const lua_Integer status = lua_isinteger(lua, -1) != 0 ? lua_tointeger(lua, -1) : -1;
  lua_pop(lua, 1);
  if (status < 0 || status > 999) state.refuseAnswer(lua, "must answer status as an HTTP status");
  return static_cast<int>(status);
}

bool takeTruth(lua_State* lua, ScriptState& state, const char* name) {
  if (!field(lua, name)) return false;
  if (!lua_isboolean(lua, -1)) state.refuseAnswer(lua, "must answer retryable as true or false");
  const bool truth = lua_toboolean(lua, -1) != 0;
  lua_pop(lua, 1);
  return truth;
}

}  // namespace

OutboundRequest takeRequest(lua_State* lua, ScriptState& state) {
  static constexpr std::array<std::string_view, 5> kMethods{"GET", "POST", "PUT", "PATCH", "DELETE"};
  if (!lua_istable(lua, -1)) state.refuseAnswer(lua, "must answer a request as a table, or nil and an outcome");
  OutboundRequest request;
  if (field(lua, "method")) {
    request.method = textOnTop(lua, state, kMethods.back().size() + 1);
    if (std::ranges::find(kMethods, request.method) == kMethods.end())
      state.refuseAnswer(lua, "answered a method other than GET, POST, PUT, PATCH and DELETE");
    lua_pop(lua, 1);
  }
  if (!field(lua, "url")) state.refuseAnswer(lua, "must answer the request's url");
  request.url = textOnTop(lua, state, kLongestUrl);
  if (request.url.empty() || !std::ranges::all_of(request.url, [](char c) { return c > ' ' && c <= '~'; }))
    state.refuseAnswer(lua, "answered a url with characters that must be encoded; see url_encode");
  lua_pop(lua, 1);
  if (field(lua, "headers")) {
    HeaderReader(lua, state, request).read();
    lua_pop(lua, 1);
  }
  if (field(lua, "body")) {
    request.body = textOnTop(lua, state, kLongestBody);
    lua_pop(lua, 1);
  }
  lua_pop(lua, 1);
  return request;
}

SendVerdict takeVerdict(lua_State* lua, ScriptState& state) {
  if (!lua_istable(lua, -1)) state.refuseAnswer(lua, "must answer sent, not_sent or unknown in a table");
  SendVerdict verdict;
  int said = 0;
  if (field(lua, "sent")) {
    verdict.outcome = AttemptOutcome::Sent;
    verdict.provider_message_id = takeId(lua, state);
    ++said;
  }
  if (field(lua, "not_sent")) {
    verdict.outcome = AttemptOutcome::NotSent;
    verdict.reason = takeReason(lua, state);
    ++said;
  }
  if (field(lua, "unknown")) {
    verdict.outcome = AttemptOutcome::Unknown;
    verdict.reason = takeReason(lua, state);
    ++said;
  }
  if (said != 1) state.refuseAnswer(lua, "must answer exactly one of sent, not_sent and unknown");
  verdict.retryable = takeTruth(lua, state, "retryable") && verdict.outcome == AttemptOutcome::NotSent;
  const auto wait = takeRetryAfter(lua, state);
  if (verdict.outcome == AttemptOutcome::NotSent) verdict.retry_after = wait;
  verdict.http_status = takeStatus(lua, state);
  lua_pop(lua, 1);
  return verdict;
}

}  // namespace penstock
