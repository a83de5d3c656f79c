#include "shared/postgres/url.h"

#include <libpq-fe.h>

#include <memory>
#include <stdexcept>

namespace penstock::postgres {

namespace {

struct OptionsEnd {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

std::string quoted(std::string_view value) {
  std::string text = "'";
  for (const char byte : value) {
    if (byte == '\'' || byte == '\\') text += '\\';
    text += byte;
  }
  return text += '\'';
}

}  // namespace

Url Url::parse(const std::string& text, int connect_timeout_seconds) {
  if (text.find('\0') != std::string::npos) throw std::invalid_argument("it holds a zero byte");
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, OptionsEnd> options(PQconninfoParse(text.c_str(), &message));
  PQfreemem(message);  // may quote a password
  if (!options)
    throw std::invalid_argument(
        "it is neither postgres://user:password@host:port/database (with %-escapes for anything but letters, digits "
        "and "
        "-._~) nor key=value words of libpq");
  Url url;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option)
    if (option->val != nullptr && *option->val != '\0') url.words_.emplace(option->keyword, option->val);
  const std::pair<const char*, std::string> defaults[] = {
      {"connect_timeout", std::to_string(connect_timeout_seconds)},
      {"tcp_user_timeout", "10000"},
      {"keepalives", "1"},
      {"keepalives_idle", "10"},
      {"keepalives_interval", "5"},
      {"keepalives_count", "3"},
      {"target_session_attrs", "read-write"},
      {"application_name", "penstock"},
  };
  for (const auto& [word, value] : defaults) url.words_.emplace(word, value);
  url.words_.insert_or_assign("client_encoding", "UTF8");
  return url;
}

Secret Url::connectionString() const {
  std::string text;
  for (const auto& [word, value] : words_) text += (text.empty() ? "" : " ") + word + '=' + quoted(value);
  return Secret(std::move(text));
}

std::string_view Url::value(std::string_view word) const {
  const auto found = words_.find(word);
  return found == words_.end() ? std::string_view() : std::string_view(found->second);
}

std::string Url::place() const {
  std::string text;
  for (const std::string_view word : {"host", "hostaddr", "port", "dbname", "user"})
    if (const std::string_view shown = value(word); !shown.empty())
      text += (text.empty() ? "" : " ") + std::string(word) + '=' + std::string(shown);
  return text.empty() ? "the server that libpq takes by default" : text;
}

}  // namespace penstock::postgres
