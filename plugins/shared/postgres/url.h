#pragma once

#include "penstock/config.h"

#include <map>
#include <string>
#include <string_view>

namespace penstock::postgres {

/// Where a database is: the words of a connection string of libpq, defaults filled in.
///
/// Poco 1.11 knows key=value words only, splits them at blanks wherever they stand and passes quotes on, so a
/// connection string is taken apart here and put together again as libpq quotes it.
class Url {
public:
  /// Reads postgres://… or key=value words. Adds, unless given: connect_timeout, tcp_user_timeout=10000, keepalives,
  /// target_session_attrs=read-write, application_name=penstock. client_encoding is always UTF8.
  /// [throws: std::invalid_argument with a sentence that holds no value]
  static Url parse(const std::string& text, int connect_timeout_seconds);

  /// As libpq takes it, every value quoted; holds the password.
  Secret connectionString() const;

  /// For people: host, port, database and user, never a password.
  std::string place() const;

  /// The value of a word, empty when there is none.
  std::string_view value(std::string_view word) const;

private:
  std::map<std::string, std::string, std::less<>> words_;
};

}  // namespace penstock::postgres
