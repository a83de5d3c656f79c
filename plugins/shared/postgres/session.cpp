#include "shared/postgres/session.h"

#include <Poco/Exception.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <system_error>
#include <utility>

namespace penstock::postgres {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr Duration kMargin = std::chrono::seconds(5);
constexpr Duration kEndless = std::chrono::hours(24);
constexpr int kBinary = 1;
// What is answered must survive a crash of the server, also for a role that is set up for speed.
constexpr std::string_view kDurable =
    "SELECT set_config('synchronous_commit', 'local', false) WHERE current_setting('synchronous_commit') = 'off'";

std::string millis(Duration duration) {
  return std::to_string(std::chrono::duration_cast<milliseconds>(duration).count());
}

int untilDeadline(SteadyTime deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - SteadyTime(steady_clock::now()));
  return static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, 3'600'000));
}

struct ConnectionEnd {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};

bool isState(std::string_view text) {
  return text.size() == 5 && std::all_of(text.begin(), text.end(), [](char byte) {
           return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z');
         });
}

/// The SQLSTATE with which the server refuses a connection. Poco and PQconnectdb give its text alone, which may be in
/// any language, so it is asked once more with a verbosity that libpq has to be told before it connects.
std::string refusedWith(const std::string& connection_string, Duration patience) {
  const std::unique_ptr<PGconn, ConnectionEnd> connection(PQconnectStart(connection_string.c_str()));
  if (!connection) return {};
  PQsetErrorVerbosity(connection.get(), PQERRORS_SQLSTATE);
  const SteadyTime deadline = SteadyTime(steady_clock::now()) + patience;
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
    const short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    pollfd descriptor{PQsocket(connection.get()), events, 0};
    const int left = untilDeadline(deadline);
    if (left == 0 || descriptor.fd < 0 || (::poll(&descriptor, 1, left) < 0 && errno != EINTR)) return {};
    status = PQconnectPoll(connection.get());
  }
  std::string_view message = PQerrorMessage(connection.get());
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.remove_suffix(1);
  const std::string_view last = message.substr(message.size() < 5 ? 0 : message.size() - 5);
  return isState(last) ? std::string(last) : std::string();
}

/// What libpq itself says, on one line and without the password.
std::string plain(std::string text, std::string_view password) {
  for (auto at = text.find(password); !password.empty() && at != std::string::npos; at = text.find(password, at + 3))
    text.replace(at, password.size(), "***");
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::replace(text.begin(), text.end(), '\t', ' ');
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

bool saysStandby(std::string_view message) {
  return message.find("session is read-only") != std::string_view::npos ||
         message.find("hot standby") != std::string_view::npos;
}

std::string cure(std::string_view state) {
  if (state == "28P01") return "the server refuses the password; mend the one in pg.url";
  if (state.starts_with("28"))
    return "the server does not let this role in from here; check user and host in pg.url, and pg_hba.conf";
  if (state == "3D000") return "there is no such database; create it with createdb --encoding=UTF8, or mend pg.url";
  if (state == "42501") return "the role may not connect to this database; grant it CONNECT";
  if (state == "53300") return "the server has no connection left; lower pg.connections or raise its max_connections";
  if (state == "25006") return "the server is a standby that only reads; let pg.url name the primary, or all of them";
  if (state.starts_with("57P")) return "the server is starting up, shutting down or recovering";
  return {};
}

[[noreturn]] void refuse(const SessionOptions& options, const std::string& state, const std::string& why) {
  const FaultClass kind = classify(state) == FaultClass::Shed ? FaultClass::Shed : FaultClass::Reconnect;
  throw Fault(state, "cannot connect to " + options.url.place() + ": " + why, kind);
}

}  // namespace

Session::Session(const SessionOptions& options)
    : options_(options), poco_(std::make_unique<Poco::Data::PostgreSQL::SessionHandle>()) {
  try {
    open();
    configure();
    opened_at_ = steady_clock::now();
  } catch (...) {
    const std::unique_ptr<PGconn, ConnectionEnd> left_over(
        connection_ != nullptr && PQstatus(connection_) != CONNECTION_OK ? connection_ : nullptr);
    poco_.reset();
    if (socket_ >= 0) ::close(socket_);
    throw;
  }
}

Session::~Session() {
  // Poco 1.11 forgets a connection that is no longer good instead of freeing it.
  const std::unique_ptr<PGconn, ConnectionEnd> left_over(PQstatus(connection_) != CONNECTION_OK ? connection_
                                                                                                : nullptr);
  poco_.reset();
  ::close(socket_);
}

void Session::open() {
  const Secret connection_string = options_.url.connectionString();
  const auto started = steady_clock::now();
  try {
    poco_->connect(connection_string.reveal());
    connection_ = *poco_;
  } catch (const Poco::Exception& failure) {
    connection_ = *poco_;
    const std::string said = connection_ == nullptr ? failure.message() : PQerrorMessage(connection_);
    if (saysStandby(said)) refuse(options_, "25006", cure("25006"));
    // A server that refuses does so at once; one that is silent has nothing more to tell.
    const bool quick = steady_clock::now() - started < std::chrono::seconds(1);
    const std::string state = quick ? refusedWith(connection_string.reveal(), options_.connect_timeout) : std::string();
    const std::string known = cure(state);
    refuse(options_, state, known.empty() ? plain(said, options_.url.value("password")) : known);
  }
  const char* encoding = PQparameterStatus(connection_, "server_encoding");
  if (encoding == nullptr || std::string_view(encoding) != "UTF8")
    refuse(options_, {},
           std::string("the database keeps text as ") + (encoding == nullptr ? "something unknown" : encoding) +
               ", but UTF8 is needed; create one with createdb --encoding=UTF8 --template=template0");
}

void Session::configure() {
  PQsetNoticeProcessor(
      connection_, [](void*, const char*) {}, nullptr);
  if (PQsetnonblocking(connection_, 1) != 0) lose("opening a session");
  socket_ = ::fcntl(PQsocket(connection_), F_DUPFD_CLOEXEC, 0);
  if (socket_ < 0) throw std::system_error(errno, std::generic_category(), "keeping a descriptor of a session");
  patience_ = options_.statement_timeout + kMargin;
  script(
      "SET TimeZone = 'UTC'; SET default_transaction_isolation = 'read committed'; SET bytea_output = 'hex'; "
      "SET search_path = penstock, pg_temp; SET idle_in_transaction_session_timeout = " +
      millis(options_.transaction_timeout));
  script(std::string(kDurable));
  restore();
  if (!options_.settings.empty()) script(std::string(options_.settings));
}

void Session::lift(Duration lock_timeout) {
  script("SET statement_timeout = 0; SET lock_timeout = " + millis(lock_timeout));
  patience_ = kEndless;
}

void Session::restore() {
  script("SET statement_timeout = " + millis(options_.statement_timeout) +
         "; SET lock_timeout = " + millis(options_.lock_timeout));
  patience_ = options_.statement_timeout + kMargin;
}

void Session::lose(std::string_view doing) {
  lost_ = true;
  raiseLost(doing);
}

void Session::waitFor(short events, SteadyTime deadline, std::string_view doing) {
  const int left = untilDeadline(deadline);
  pollfd descriptor{PQsocket(connection_), events, 0};
  if (left == 0) {
    lost_ = true;
    throw Fault(std::string(kSilent), "the server does not answer while " + std::string(doing));
  }
  if (descriptor.fd < 0) lose(doing);
  if (::poll(&descriptor, 1, left) < 0 && errno != EINTR) lose(doing);
  if ((descriptor.revents & ~POLLOUT) != 0 && PQconsumeInput(connection_) == 0) {
    // What the server said before it closed is still read, below, as the statement's result.
    lost_ = true;
  }
}

void Session::flush(SteadyTime deadline, std::string_view doing) {
  for (int state = PQflush(connection_); state != 0; state = PQflush(connection_)) {
    if (state < 0) {
      lost_ = true;
      return;
    }
    waitFor(POLLIN | POLLOUT, deadline, doing);
  }
}

pg_result* Session::complete(std::string_view doing) {
  const SteadyTime deadline = SteadyTime(steady_clock::now()) + patience_;
  flush(deadline, doing);
  PGresult* kept = nullptr;
  for (;;) {
    while (!lost_ && PQisBusy(connection_) != 0) {
      try {
        waitFor(POLLIN, deadline, doing);
      } catch (...) {
        PQclear(kept);
        throw;
      }
    }
    PGresult* next = PQgetResult(connection_);
    if (next == nullptr) break;
    const bool failed = kept != nullptr && PQresultStatus(kept) == PGRES_FATAL_ERROR;
    if (failed) {
      PQclear(next);
    } else {
      PQclear(kept);
      kept = next;
    }
    if (lost_ && PQstatus(connection_) == CONNECTION_BAD) break;
  }
  return checked(kept, doing);
}

pg_result* Session::checked(pg_result* result, std::string_view doing) {
  if (PQstatus(connection_) != CONNECTION_OK) lost_ = true;
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return result;
  const std::unique_ptr<PGresult, decltype([](PGresult* one) { PQclear(one); })> failed(result);
  if (failed == nullptr) lose(doing);
  if (lost_ && PQresultErrorField(failed.get(), PG_DIAG_SQLSTATE) == nullptr) lose(doing);
  const char* state = PQresultErrorField(failed.get(), PG_DIAG_SQLSTATE);
  if (classify(state == nullptr ? "" : state) == FaultClass::Reconnect) lost_ = true;
  raise(failed.get(), doing);
}

const std::string& Session::prepared(std::string_view sql, const Parameters::Raw& raw) {
  const auto known = statements_.find(sql.data());
  if (known != statements_.end()) return known->second;
  std::string name = "penstock_" + std::to_string(statements_.size());
  constexpr std::string_view kDoing = "preparing a statement";
  if (PQsendPrepare(connection_, name.c_str(), std::string(sql).c_str(), static_cast<int>(raw.types.size()),
                    raw.types.data()) == 0)
    lose(kDoing);
  PQclear(complete(kDoing));
  return statements_.emplace(sql.data(), std::move(name)).first->second;
}

Rows Session::run(std::string_view sql, const Parameters& parameters) {
  constexpr std::string_view kDoing = "running a statement";
  if (lost_) raiseLost(kDoing);
  const Parameters::Raw raw = parameters.raw();
  const std::string& name = prepared(sql, raw);
  if (PQsendQueryPrepared(connection_, name.c_str(), static_cast<int>(raw.values.size()), raw.values.data(),
                          raw.lengths.data(), raw.formats.data(), kBinary) == 0)
    lose(kDoing);
  return Rows(complete(kDoing));
}

void Session::script(const std::string& sql) {
  constexpr std::string_view kDoing = "running a script";
  if (lost_) raiseLost(kDoing);
  if (PQsendQuery(connection_, sql.c_str()) == 0) lose(kDoing);
  PQclear(complete(kDoing));
}

std::vector<Notification> Session::await(Duration timeout, int wake) {
  constexpr std::string_view kDoing = "listening";
  if (lost_) raiseLost(kDoing);
  const SteadyTime deadline = SteadyTime(steady_clock::now()) + timeout;
  std::vector<Notification> heard;
  for (;;) {
    while (PGnotify* told = PQnotifies(connection_)) {
      heard.push_back({told->relname, told->extra});
      PQfreemem(told);
    }
    if (!heard.empty()) return heard;
    const int left = untilDeadline(deadline);
    pollfd descriptors[2] = {{PQsocket(connection_), POLLIN, 0}, {wake, POLLIN, 0}};
    if (descriptors[0].fd < 0) lose(kDoing);
    const int ready = ::poll(descriptors, wake < 0 ? 1 : 2, left);
    if (ready < 0 && errno != EINTR) lose(kDoing);
    if (ready <= 0 && left == 0) return heard;
    if (ready > 0 && descriptors[0].revents != 0 && PQconsumeInput(connection_) == 0) lose(kDoing);
    if (PQstatus(connection_) != CONNECTION_OK) lose(kDoing);
    if (ready > 0 && descriptors[1].revents != 0) return heard;
  }
}

void Session::ping(Duration patience) {
  const Duration usual = std::exchange(patience_, patience);
  try {
    script("SELECT");
  } catch (...) {
    patience_ = usual;
    throw;
  }
  patience_ = usual;
}

void Session::sever() noexcept {
  if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

bool Session::usable() noexcept {
  if (lost_ || PQstatus(connection_) != CONNECTION_OK) return false;
  pollfd descriptor{PQsocket(connection_), POLLIN, 0};
  if (descriptor.fd < 0) return false;
  // A server that goes says so first: the end comes after what can be read.
  while (!lost_ && ::poll(&descriptor, 1, 0) > 0) lost_ = PQconsumeInput(connection_) == 0;
  if (PQstatus(connection_) != CONNECTION_OK) lost_ = true;
  return !lost_;
}

Transaction::Transaction(Session& session) : session_(session) { session_.script("BEGIN"); }

Transaction::~Transaction() {
  if (!open_) return;
  try {
    session_.script("ROLLBACK");
  } catch (const std::exception&) {
    return;  // the session is lost, and its transaction with it
  }
}

void Transaction::commit() {
  open_ = false;
  session_.script("COMMIT");
}

}  // namespace penstock::postgres
