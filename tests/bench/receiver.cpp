// Receives what the benches of delivery send: answers each request as its door says, notes when it came and counts how
// many wait for their answers. One thread; connections, bodies and what is remembered are bounded; ends with its input.
//
// Usage: receiver ANSWER…      202, 500, hang, or 202 after a time such as 500ms; a door on loopback for each
// Prints the doors' ports, and last that of the report: counts, an empty line, and a line for each message that names
// itself bench-NUMBER: the number and when it first came, in microseconds since 1970.

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/system/system_error.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr std::size_t kMostConnections = 20'000;
constexpr std::size_t kMostNumbers = 2'000'000;
constexpr std::uint64_t kMostBody = 64 * 1024;
constexpr int kBacklog = 4096;
constexpr std::string_view kMark = "bench-";

struct Manner {
  enum class Kind { Answer, Hang, Report };
  Kind kind = Kind::Answer;
  unsigned status = 202;
  milliseconds delay{};
};

Manner mannerOf(std::string_view word) {
  if (word == "hang") return {Manner::Kind::Hang, 0, {}};
  if (word == "202") return {};
  if (word == "500") return {Manner::Kind::Answer, 500, {}};
  unsigned number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || std::string_view(end, static_cast<std::size_t>(word.data() + word.size() - end)) != "ms")
    throw std::invalid_argument(std::string(word) + ": expected 202, 500, hang or a time such as 500ms");
  return {Manner::Kind::Answer, 202, milliseconds(number)};
}

/// What has come.
class Ledger {
public:
  bool mayConnect() const { return open_ < kMostConnections; }
  void connected(bool counts) {
    ++open_;
    connections_ += counts ? 1 : 0;
  }
  void disconnected() { --open_; }

  void came(std::string_view body) {
    ++requests_;
    most_waiting_ = std::max(most_waiting_, ++waiting_);
    note(body);
  }
  void went() { --waiting_; }

  std::uint64_t requests() const { return requests_; }

  std::string report() const {
    std::string text;
    const auto line = [&](std::string_view name, std::uint64_t value) {
      text.append(name).append(" ").append(std::to_string(value)).append("\n");
    };
    line("requests", requests_);
    line("connections", connections_);
    line("most_in_flight", most_waiting_);
    line("repeated", repeated_);
    line("unnamed", unnamed_);
    text.append("\n");
    for (std::size_t number = 0; number < came_at_.size(); ++number)
      if (came_at_[number] != 0) line(std::to_string(number), came_at_[number]);
    return text;
  }

private:
  void note(std::string_view body) {
    const auto mark = body.find(kMark);
    std::size_t number = kMostNumbers;
    if (mark != std::string_view::npos)
      std::from_chars(body.data() + mark + kMark.size(), body.data() + body.size(), number);
    if (number >= kMostNumbers) {
      ++unnamed_;
      return;
    }
    if (number >= came_at_.size()) came_at_.resize(number + 1);
    if (came_at_[number] != 0) {
      ++repeated_;
      return;
    }
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    came_at_[number] = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
  }

  std::vector<std::uint64_t> came_at_;  ///< by number; 0: not yet
  std::uint64_t requests_ = 0;
  std::uint64_t connections_ = 0;
  std::uint64_t waiting_ = 0;
  std::uint64_t most_waiting_ = 0;
  std::uint64_t repeated_ = 0;
  std::uint64_t unnamed_ = 0;
  std::size_t open_ = 0;
};

std::string answerOf(unsigned status, std::string_view body) {
  const std::string_view line = status == 202 ? "202 Accepted" : status == 200 ? "200 OK" : "500 Internal Server Error";
  std::string text = "HTTP/1.1 ";
  text.append(line).append("\r\nContent-Type: application/json\r\nContent-Length: ");
  text.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return text;
}

/// One connection, which its own handlers keep alive.
class Session : public std::enable_shared_from_this<Session> {
public:
  Session(tcp::socket socket, const Manner& manner, Ledger& ledger)
      : socket_(std::move(socket)), timer_(socket_.get_executor()), manner_(manner), ledger_(ledger) {
    ledger_.connected(manner.kind != Manner::Kind::Report);
  }
  ~Session() {
    if (waits_) ledger_.went();
    ledger_.disconnected();
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void read() {
    parser_.emplace();
    parser_->body_limit(kMostBody);
    http::async_read(socket_, buffer_, *parser_, [self = shared_from_this()](const error_code& error, std::size_t) {
      if (!error) self->received();
    });
  }

private:
  void received() {
    if (manner_.kind == Manner::Kind::Report) return write(answerOf(200, ledger_.report()));
    if (!std::exchange(waits_, true)) ledger_.came(parser_->get().body());
    // Reads on, so that it is noticed when the sender goes.
    if (manner_.kind == Manner::Kind::Hang) return read();
    if (manner_.delay == milliseconds::zero()) return answer();
    timer_.expires_after(manner_.delay);
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error) self->answer();
    });
  }
  void answer() {
    waits_ = false;
    ledger_.went();
    if (manner_.status != 202) return write(answerOf(manner_.status, ""));
    write(answerOf(202, "{\"messageId\":\"r-" + std::to_string(ledger_.requests()) + "\"}"));
  }
  void write(std::string text) {
    answer_ = std::move(text);
    asio::async_write(socket_, asio::buffer(answer_),
                      [self = shared_from_this()](const error_code& error, std::size_t) {
                        if (!error) self->read();
                      });
  }

  tcp::socket socket_;
  asio::steady_timer timer_;
  const Manner manner_;
  Ledger& ledger_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::string answer_;
  bool waits_ = false;  ///< for its answer
};

class Door {
public:
  Door(asio::io_context& context, const Manner& manner, Ledger& ledger)
      : acceptor_(context), manner_(manner), ledger_(ledger) {
    const tcp::endpoint any(asio::ip::address_v4::loopback(), 0);
    acceptor_.open(any.protocol());
    acceptor_.bind(any);
    acceptor_.listen(kBacklog);
    accept();
  }
  unsigned port() const { return acceptor_.local_endpoint().port(); }

private:
  void accept() {
    acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
      // Without descriptors it would only go round and round.
      if (error) throw boost::system::system_error(error, "accept");
      if (ledger_.mayConnect()) {
        socket.set_option(tcp::no_delay(true));
        std::make_shared<Session>(std::move(socket), manner_, ledger_)->read();
      }
      accept();
    });
  }

  tcp::acceptor acceptor_;
  const Manner manner_;
  Ledger& ledger_;
};

/// Ends with the process that started it.
class Lifeline {
public:
  explicit Lifeline(asio::io_context& context) : context_(context), input_(context, dup(STDIN_FILENO)) { wait(); }

private:
  void wait() {
    input_.async_read_some(asio::buffer(piece_), [this](const error_code& error, std::size_t) {
      if (error) return context_.stop();
      wait();
    });
  }

  asio::io_context& context_;
  asio::posix::stream_descriptor input_;
  std::array<char, 64> piece_{};
};

void raiseDescriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void run(const std::vector<std::string_view>& answers) {
  raiseDescriptors();
  Ledger ledger;
  asio::io_context context(1);
  std::deque<Door> doors;
  for (const std::string_view answer : answers) doors.emplace_back(context, mannerOf(answer), ledger);
  doors.emplace_back(context, Manner{Manner::Kind::Report, 200, {}}, ledger);
  const Lifeline lifeline(context);
  for (const Door& door : doors) std::printf("%u ", door.port());
  std::printf("\n");
  std::fflush(stdout);
  context.run();
}

}  // namespace

int main(int count, char** words) {
  if (count < 2) {
    std::fprintf(stderr, "usage: receiver ANSWER…\n");
    return 2;
  }
  try {
    run({words + 1, words + count});
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "receiver: %s\n", failure.what());
    return 1;
  }
  return 0;
}
