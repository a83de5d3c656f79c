#include "http-ingest/read.h"

#include "http-ingest/paging.h"
#include "http-ingest/refusals.h"
#include "http-ingest/sent_page.h"
#include "http-ingest/views.h"

#include "penstock/policy.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

namespace penstock {

namespace {

ReaderPool::Answer ok(std::string body) {
  HttpResponse response;
  response.body = std::move(body);
  return response;
}

/// An id that is a whole number but none that a conversation can have reads as 0, which no conversation has.
std::optional<std::int64_t> conversationId(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  return error == std::errc{} ? id : 0;
}

/// The query of GET /api/conversations, or its refusal.
std::variant<ConversationQuery, Problem> conversationQuery(const HttpRequest& request) {
  ConversationQuery query;
  if (const auto text = request.parameter("channel")) {
    query.channel = parseChannel(*text);
    if (!query.channel) return refusals::invalidParameter("channel", "must be sms or email");
  }
  if (const auto text = request.parameter("participant")) {
    for (const Channel channel : {Channel::Sms, Channel::Email})
      if (!query.participant && query.channel.value_or(channel) == channel)
        query.participant = comparableAddress(channel, *text);
    if (!query.participant) return refusals::invalidParameter("participant", "must be a phone number or an address");
  }
  return query;
}

}  // namespace

void ReadingCalls::conversations(HttpRequest& request, Responder responder) {
  auto page = readPage(request);
  if (auto* problem = std::get_if<Problem>(&page)) return responder.send(std::move(*problem));
  auto query = conversationQuery(request);
  if (auto* problem = std::get_if<Problem>(&query)) return responder.send(std::move(*problem));
  pool_.ask(std::move(responder), [this, page = std::get<Page>(page), query = std::get<ConversationQuery>(query)] {
    return ok(toJson(reader_.conversations(query, page), page));
  });
}

void ReadingCalls::messages(HttpRequest& request, Responder responder) {
  auto page = readPage(request);
  if (auto* problem = std::get_if<Problem>(&page)) return responder.send(std::move(*problem));
  const auto id = conversationId(request.path_parameters.at(0));
  if (!id) return responder.send(refusals::invalidParameter("id", "must be a whole number"));
  pool_.ask(std::move(responder), [this, page = std::get<Page>(page), id = *id]() -> ReaderPool::Answer {
    const auto listing = reader_.messages(id, page);
    if (!listing) return refusals::notFound("There is no such conversation.");
    return ok(toJson(*listing, page));
  });
}

void ReadingCalls::message(HttpRequest& request, Responder responder) {
  const auto id = Uuid::parse(request.path_parameters.at(0));
  if (!id) return responder.send(refusals::invalidParameter("id", "must be a UUID"));
  pool_.ask(std::move(responder), [this, id = *id]() -> ReaderPool::Answer {
    const auto detail = reader_.message(id);
    if (!detail) return refusals::notFound("There is no such message, or it is not persisted yet.");
    return ok(toJson(*detail));
  });
}

void ReadingCalls::sent(HttpRequest& request, Responder responder) {
  auto page = readPage(request);
  if (auto* problem = std::get_if<Problem>(&page)) return responder.send(std::move(*problem));
  pool_.ask(std::move(responder),
            [this, page = std::get<Page>(page)] { return ok(toJson(sentPage(reader_, cache_, page), page)); });
}

}  // namespace penstock
