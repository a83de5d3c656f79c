#include "redis-cache/notes.h"

#include "redis-cache/fault.h"

#include <Poco/Redis/Command.h>

#include <charconv>
#include <optional>
#include <system_error>

namespace penstock::redis_cache {

namespace {

using Poco::Redis::Command;
using std::chrono::milliseconds;

constexpr std::size_t kTrims = 3;

/// Times are kept as the store keeps them.
std::string text(WallTime time) {
  return std::to_string(std::chrono::floor<milliseconds>(time).time_since_epoch().count());
}

Command command(std::initializer_list<std::string> words) {
  Command made(*words.begin());
  for (const std::string& word : std::span(words).subspan(1)) made << word;
  return made;
}

[[noreturn]] void garbage() { throw Fault(FaultKind::Garbage, "what it answers does not fit what it was asked"); }

std::vector<Reply> arrayOf(std::vector<Reply> replies) {
  if (replies.front().isError()) throw Fault(FaultKind::Refused, meaning(replies.front()));
  if (replies.front().kind != Reply::Kind::Array) garbage();
  return std::move(replies.front().items);
}

std::optional<SentNote> note(const Uuid& id, std::string_view value) {
  std::int64_t time = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), time);
  constexpr std::int64_t kLast = 253402300799999;  // of the year 9999
  if (error != std::errc{} || time < 0 || time > kLast) return std::nullopt;
  value.remove_prefix(static_cast<std::size_t>(end - value.data()));
  if (!value.starts_with(' ')) return std::nullopt;
  return SentNote{id, std::string(value.substr(1)), WallTime(milliseconds(time))};
}

}  // namespace

Notes::Notes(const Settings& settings, Clock& clock)
    : list_(settings.prefix + "sent"),
      probe_(settings.prefix + "probe"),
      ttl_(std::to_string(std::chrono::ceil<milliseconds>(settings.ttl).count())),
      remembered_(settings.ttl),
      surplus_(std::to_string(-static_cast<std::int64_t>(settings.listed) - 1)),
      clock_(clock) {}

std::string Notes::oldest() const { return text(clock_.wall() - remembered_); }

Notes::Outcome Notes::write(Connection& connection, std::span<const SentNote> notes, SteadyTime deadline) const {
  std::string commands;
  Command add = command({"ZADD", list_});
  for (const SentNote& note : notes) {
    const std::string time = text(note.sent_at);
    const std::string id = note.message_id.text();
    commands += command({"SET", key(note.message_id), time + ' ' + note.provider_message_id, "PX", ttl_}).toString();
    add << time << id;
  }
  commands += add.toString();
  commands += command({"ZREMRANGEBYSCORE", list_, "-inf", oldest()}).toString();
  commands += command({"ZREMRANGEBYRANK", list_, "0", surplus_}).toString();
  commands += command({"PEXPIRE", list_, ttl_}).toString();

  const std::vector<Reply> replies = connection.exchange(commands, notes.size() + 1 + kTrims, deadline);
  Outcome outcome;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const Reply& reply = replies[i];
    const bool isKey = i < notes.size();
    if (reply.isError()) {
      if (outcome.refusal.empty()) outcome.refusal = meaning(reply);
      if (i == notes.size()) outcome.kept = 0;  // without the list nobody finds them
    } else if (reply.kind != (isKey ? Reply::Kind::Status : Reply::Kind::Integer)) {
      garbage();
    } else if (isKey) {
      ++outcome.kept;
    }
  }
  return outcome;
}

std::vector<SentNote> Notes::page(Connection& connection, Page page, SteadyTime deadline) const {
  const std::string list = command({"ZREVRANGEBYSCORE", list_, "+inf", '(' + oldest(), "LIMIT",
                                    std::to_string(page.offset()), std::to_string(page.size)})
                               .toString();
  std::vector<Uuid> ids;
  Command get("MGET");
  for (const Reply& item : arrayOf(connection.exchange(list, 1, deadline))) {
    if (item.kind != Reply::Kind::Bulk) garbage();
    const auto id = Uuid::parse(item.text);
    if (!id) continue;
    ids.push_back(*id);
    get << key(*id);
  }
  if (ids.size() > page.size) garbage();
  if (ids.empty()) return {};

  const std::vector<Reply> values = arrayOf(connection.exchange(get.toString(), 1, deadline));
  if (values.size() != ids.size()) garbage();
  std::vector<SentNote> notes;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (values[i].kind == Reply::Kind::Nil) continue;
    if (values[i].kind != Reply::Kind::Bulk) garbage();
    if (auto found = note(ids[i], values[i].text)) notes.push_back(std::move(*found));
  }
  return notes;
}

void Notes::probe(Connection& connection, SteadyTime deadline) const {
  const Reply reply = connection.exchange(command({"SET", probe_, "", "PX", "1000"}).toString(), 1, deadline).front();
  if (reply.isError()) throw Fault(FaultKind::Refused, meaning(reply));
  if (reply.kind != Reply::Kind::Status) garbage();
}

}  // namespace penstock::redis_cache
