#include "ctl/bench_load.h"

#include "ctl/failure.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

namespace penstock::ctl {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTurn{100};
constexpr std::uint64_t kNumbers = 10'000'000;  // of seven digits
constexpr std::uint64_t kConversations = 100'000;

std::string digits(std::uint64_t number) {
  std::string text = std::to_string(number);
  return std::string(7 - std::min<std::size_t>(7, text.size()), '0') + text;
}

/// A message that no other is equal to, in one of many conversations.
std::string requestOf(std::uint64_t number) {
  const std::string body = R"({"from":"+1555)" + digits(number % kConversations) + R"(","to":"+1556)" +
                           digits(number % kConversations % kNumbers) + R"(","body":"Measured message number )" +
                           std::to_string(number) + R"("})";
  return "POST /api/messages/sms HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

struct Load::Shared {
  asio::io_context loop{1};
  tcp::endpoint place;
  std::uint64_t next = 0;
  std::size_t lost = 0;
  bool over = false;
  LoadResult result;
};

class Load::Connection {
public:
  explicit Connection(Shared& shared) : shared_(shared), socket_(shared.loop) {}

  void start() {
    socket_.async_connect(shared_.place, [this](const boost::system::error_code& error) {
      if (error) return lose();
      boost::system::error_code ignored;
      socket_.set_option(tcp::no_delay(true), ignored);
      post();
    });
  }

private:
  void post() {
    if (shared_.over) return;
    request_ = requestOf(shared_.next++);
    sent_at_ = Clock::now();
    asio::async_write(socket_, asio::buffer(request_), [this](const boost::system::error_code& error, std::size_t) {
      if (error) return lose();
      parser_.emplace();
      http::async_read(socket_, buffer_, *parser_,
                       [this](const boost::system::error_code& problem, std::size_t) { answered(problem); });
    });
  }

  void answered(const boost::system::error_code& error) {
    if (error) return lose();
    if (parser_->get().result_int() == 202) {
      ++shared_.result.accepted;
      shared_.result.latencies.push_back(std::chrono::duration<float>(Clock::now() - sent_at_).count());
    } else {
      const auto& answer = parser_->get();
      boost::system::error_code no_json;
      shared_.result.refuse(problemOf(answer.result_int(), boost::json::parse(answer.body(), no_json)));
    }
    if (parser_->get().keep_alive())
      post();
    else
      lose();
  }

  void lose() {
    if (!shared_.over) ++shared_.lost;
  }

  Shared& shared_;
  tcp::socket socket_;
  std::string request_;
  beast::flat_buffer buffer_;
  std::optional<http::response_parser<http::string_body>> parser_;
  Clock::time_point sent_at_{};
};

std::uint64_t LoadResult::refused() const {
  std::uint64_t sum = 0;
  for (const auto& [what, of_it] : refusals) sum += of_it.count;
  return sum;
}

void LoadResult::refuse(Problem problem) {
  Refusals& alike = refusals[{problem.status, problem.code}];
  if (alike.count++ == 0) alike.first = std::move(problem);
}

double LoadResult::percentile(double share) const {
  if (latencies.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(latencies.size()));
  return static_cast<double>(latencies[std::min(at, latencies.size() - 1)]);
}

Load::Load(std::uint16_t port, std::size_t connections) : shared_(std::make_unique<Shared>()) {
  shared_->place = tcp::endpoint(asio::ip::address_v4::loopback(), port);
  for (std::size_t i = 0; i < connections; ++i) {
    connections_.push_back(std::make_unique<Connection>(*shared_));
    connections_.back()->start();
  }
}

Load::~Load() {
  shared_->over = true;
  connections_.clear();
}

LoadResult Load::run(std::chrono::milliseconds time,
                     const std::function<void(double seconds, std::uint64_t accepted)>& watch) {
  shared_->result = {};
  const auto begin = Clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  while (Clock::now() < begin + time) {
    if (shared_->lost == connections_.size())
      throw Failure(Exit::Unavailable, "every connection to the service was lost");
    const auto left = begin + time - Clock::now();
    shared_->loop.run_for(std::min<Clock::duration>(kTurn, std::max(left, Clock::duration::zero())));
    watch(passed(), shared_->result.accepted);
  }
  LoadResult result = std::move(shared_->result);
  shared_->result = {};
  result.seconds = passed();
  std::ranges::sort(result.latencies);
  return result;
}

}  // namespace penstock::ctl
