#pragma once

#include "penstock/time.h"
#include "shared/postgres/fault.h"
#include "shared/postgres/parameters.h"
#include "shared/postgres/rows.h"
#include "shared/postgres/settings.h"

#include <Poco/Data/PostgreSQL/SessionHandle.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace penstock::postgres {

/// What another session told with NOTIFY.
struct Notification {
  std::string channel;
  std::string payload;
};

/// A session: UTF-8, UTC, read committed, commits that are on disk when they are answered, with the schema penstock
/// first in its search path, the timeouts of its options and its prepared statements. Poco opens it and owns it;
/// statements go through the PGconn that it lends, because Poco 1.11 binds no arrays, cuts fractions of seconds and
/// hides the SQLSTATE. [one thread at a time]
class Session {
public:
  /// [blocks: to the connect timeout] [throws: Fault with a sentence that says what to do; never of class Never]
  explicit Session(const SessionOptions& options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Runs one statement with parameters, prepared at its first use. `sql` is a constant: its address is the key of the
  /// statement. A server that stays silent beyond the statement timeout counts as lost. [throws: Fault]
  Rows run(std::string_view sql, const Parameters& parameters);

  template <typename... Values>
  Rows query(std::string_view sql, const Values&... values) {
    return run(sql, Parameters::of(values...));
  }
  /// As query; how many rows it inserted, changed or deleted. [throws: Fault]
  template <typename... Values>
  std::int64_t execute(std::string_view sql, const Values&... values) {
    return run(sql, Parameters::of(values...)).changes();
  }

  /// Runs statements separated by semicolons, in one transaction unless they say otherwise. [throws: Fault]
  void script(const std::string& sql);

  /// Waits for what LISTEN was asked to hear, until `timeout` has passed or the descriptor `wake` can be read.
  /// [throws: Fault when the session is lost]
  std::vector<Notification> await(Duration timeout, int wake = -1);

  /// Asks for a sign of life. [throws: Fault of kSilent when there is none within `patience`]
  void ping(Duration patience);

  /// Ends the connection under whoever waits for it: their call fails at once. [any thread]
  void sever() noexcept;

  /// For work that may take long, such as a migration: no timeouts but the one for locks. [throws: Fault]
  void lift(Duration lock_timeout);
  /// Back to the timeouts of the options. [throws: Fault]
  void restore();

  /// False once the connection is known to be gone; looks at the socket without waiting.
  bool usable() noexcept;

  PGconn* handle() const { return connection_; }

  SteadyTime openedAt() const { return opened_at_; }

private:
  void open();
  void configure();
  pg_result* complete(std::string_view doing);
  pg_result* checked(pg_result* result, std::string_view doing);
  void flush(SteadyTime deadline, std::string_view doing);
  void waitFor(short events, SteadyTime deadline, std::string_view doing);
  [[noreturn]] void lose(std::string_view doing);
  const std::string& prepared(std::string_view sql, const Parameters::Raw& raw);

  const SessionOptions options_;
  std::unique_ptr<Poco::Data::PostgreSQL::SessionHandle> poco_;
  PGconn* connection_ = nullptr;
  int socket_ = -1;  ///< a descriptor of our own for the connection's socket, so that none but it is ever shut down
  std::unordered_map<const char*, std::string> statements_;
  Duration patience_{};  ///< longest time without an answer
  SteadyTime opened_at_{};
  bool lost_ = false;
};

/// A transaction of several statements: rolled back unless committed.
class Transaction {
public:
  explicit Transaction(Session& session);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// [throws: Fault; when the connection was lost it is not known whether it was committed]
  void commit();

private:
  Session& session_;
  bool open_ = true;
};

}  // namespace penstock::postgres
