#include "ctl/client.h"

#include "ctl/failure.h"
#include "ctl/output.h"
#include "ctl/problem.h"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include <sys/un.h>

#include <optional>
#include <vector>

namespace penstock::ctl {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
using tcp = asio::ip::tcp;
using Protocol = asio::generic::stream_protocol;

constexpr std::uint64_t kLargestAnswer = std::uint64_t{16} << 20;

/// One request and its answer, in steps on one loop.
class Exchange {
public:
  Exchange(http::request<http::string_body> request, std::chrono::milliseconds timeout)
      : request_(std::move(request)), timeout_(timeout), resolver_(loop_), stream_(loop_) {
    parser_.body_limit(kLargestAnswer);
    stream_.expires_after(timeout);
  }

  void callHost(const std::string& host, const std::string& port) {
    resolver_.async_resolve(host, port, [this](const auto& error, const auto& found) {
      if (failed(error)) return;
      for (const auto& entry : found) places_.emplace_back(entry.endpoint());
      connect();
    });
  }
  void callSocket(const std::string& path) {
    places_.emplace_back(asio::local::stream_protocol::endpoint(path));
    connect();
  }

  /// Waits for the answer to the one call. [throws: Failure; its sentence says only why]
  void run() {
    loop_.run_for(timeout_);
    if (done_) return;
    if (!failure_ || failure_ == beast::error::timeout)
      throw Failure(Exit::Unavailable, "no answer within " + std::to_string(timeout_.count()) + " ms");
    throw Failure(isNonsense(*failure_) ? Exit::Unexpected : Exit::Unavailable, failure_->message());
  }

  http::response<http::string_body> take() { return parser_.release(); }

private:
  /// Whether something answered, but not in HTTP, or with more than is taken.
  static bool isNonsense(const boost::system::error_code& error) {
    const auto& of_http = make_error_code(http::error::bad_method).category();
    return error.category() == of_http && error != http::error::end_of_stream && error != http::error::partial_message;
  }

  void connect() {
    stream_.async_connect(places_, [this](const auto& problem, const auto&) { connected(problem); });
  }
  void connected(const boost::system::error_code& error) {
    if (failed(error)) return;
    http::async_write(stream_, request_, [this](const auto& problem, std::size_t) { written(problem); });
  }
  /// A service that refuses a request before it has read it answers and closes: the answer is looked for all the same.
  void written(const boost::system::error_code& error) {
    http::async_read(stream_, buffer_, parser_, [this, error](const auto& problem, std::size_t) {
      if (!problem)
        done_ = true;
      else
        failed(error ? error : problem);
    });
  }
  bool failed(const boost::system::error_code& error) {
    if (error) failure_ = error;
    return error.failed();
  }

  http::request<http::string_body> request_;
  const std::chrono::milliseconds timeout_;
  asio::io_context loop_;
  tcp::resolver resolver_;
  std::vector<Protocol::endpoint> places_;
  beast::basic_stream<Protocol> stream_;
  beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
  std::optional<boost::system::error_code> failure_;
  bool done_ = false;
};

[[noreturn]] void refuse(const Answer& answer, std::string_view retry_after, const std::string& url) {
  const auto [status, code, sentence] = problemOf(answer.status, answer.body);
  if (code == "reload_refused") throw Failure(Exit::Configuration, sentence);
  if (status == 404) throw Failure(Exit::NotFound, sentence);
  if (status == 503)
    throw Failure(Exit::Unavailable,
                  sentence + "\ntry again" + (retry_after.empty() ? "" : " in " + printable(retry_after) + " s"));
  if (status >= 400 && status < 500) throw Failure(Exit::Usage, sentence);
  throw Failure(Exit::Unexpected, sentence + "\nthe log of penstockd says more; is " + url + " a Penstock?");
}

}  // namespace

Client::Client(const std::string& url, std::chrono::milliseconds timeout)
    : url_(url), hint_("is penstockd running there? --url or PENSTOCK_URL names another place"), timeout_(timeout) {
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed || parsed->scheme() != "http" || parsed->host().empty() || parsed->has_query() ||
      parsed->has_fragment() || parsed->has_userinfo())
    throw Failure(Exit::Usage, "--url must be http://host[:port][/prefix], such as http://127.0.0.1:8080");
  host_ = parsed->host_address();
  port_ = parsed->has_port() && !parsed->port().empty() ? std::string(parsed->port()) : "80";
  authority_ = std::string(parsed->encoded_host_and_port());
  prefix_ = std::string(parsed->encoded_path());
  while (prefix_.ends_with('/')) prefix_.pop_back();
}

Client::Client(std::string path, std::chrono::milliseconds timeout, bool /*of_socket*/)
    : url_(path),
      hint_("is penstockd running, and are you its user or root? --socket or PENSTOCK_SOCKET names another place"),
      path_(std::move(path)),
      authority_("localhost"),
      timeout_(timeout) {}

Client Client::admin(const std::string& place, std::chrono::milliseconds timeout) {
  if (place.starts_with("http://")) {
    Client client(place, timeout);
    client.admin_ = true;
    client.hint_ = "is penstockd running, with http.admin.address? --socket or PENSTOCK_SOCKET names another place";
    return client;
  }
  if (place.empty() || place.size() >= sizeof(sockaddr_un::sun_path))
    throw Failure(Exit::Usage, "--socket must be the path of a unix socket, of at most " +
                                   std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                                   " bytes, or a url such as http://127.0.0.1:8081");
  return Client(place, timeout, true);
}

Answer Client::call(std::string_view method, std::string_view path, const Query& query, const json::value* body) {
  boost::urls::url target;
  target.set_encoded_path(prefix_ + std::string(path));
  for (const auto& [name, value] : query) target.params().append({name, value});
  http::request<http::string_body> request(http::string_to_verb({method.data(), method.size()}),
                                           std::string(target.buffer()), 11);
  request.set(http::field::host, authority_);
  request.set(http::field::user_agent, "penstockctl/" PENSTOCK_VERSION);
  request.set(http::field::accept, "application/json");
  request.set(http::field::connection, "close");
  if (body != nullptr) {
    request.set(http::field::content_type, "application/json");
    request.body() = json::serialize(*body);
  }
  request.prepare_payload();

  Exchange exchange(std::move(request), timeout_);
  if (path_.empty())
    exchange.callHost(host_, port_);
  else
    exchange.callSocket(path_);
  try {
    exchange.run();
  } catch (const Failure& failure) {
    throw Failure(failure.exit, "no answer from " + url_ + ": " + failure.what() + "\n" + hint_);
  }
  const http::response<http::string_body> response = exchange.take();
  Answer answer{response.result_int(), response.body(), {}, response["Idempotent-Replayed"] == "true"};
  boost::system::error_code error;
  answer.body = json::parse(answer.text, error);
  if (answer.status < 200 || answer.status > 299) {
    if (answer.status == 404 && admin_)
      throw Failure(Exit::NotFound, url_ +
                                        " is not the admin listener, which is a unix socket unless http.admin.address" +
                                        " is set; `penstockctl config show` says where it is");
    const auto retry = response[http::field::retry_after];
    refuse(answer, {retry.data(), retry.size()}, url_);
  }
  if (error) throw Failure(Exit::Unexpected, "the answer is no JSON; is " + url_ + " a Penstock?");
  return answer;
}

}  // namespace penstock::ctl
