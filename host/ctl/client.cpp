#include "ctl/client.h"

#include "ctl/failure.h"
#include "ctl/output.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include <optional>

namespace penstock::ctl {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
using tcp = asio::ip::tcp;

constexpr std::uint64_t kLargestAnswer = std::uint64_t{16} << 20;

/// One request and its answer, in steps on one loop.
class Exchange {
public:
  Exchange(http::request<http::string_body> request, std::string host, std::string port)
      : request_(std::move(request)), host_(std::move(host)), port_(std::move(port)), resolver_(loop_), stream_(loop_) {
    parser_.body_limit(kLargestAnswer);
  }

  /// Waits for the answer. [throws: Failure; its sentence says only why]
  void run(std::chrono::milliseconds timeout) {
    stream_.expires_after(timeout);
    resolver_.async_resolve(host_, port_, [this](const auto& error, const auto& found) { resolved(error, found); });
    loop_.run_for(timeout);
    if (done_) return;
    if (!failure_ || failure_ == beast::error::timeout)
      throw Failure(Exit::Unavailable, "no answer within " + std::to_string(timeout.count()) + " ms");
    throw Failure(isNonsense(*failure_) ? Exit::Unexpected : Exit::Unavailable, failure_->message());
  }

  http::response<http::string_body> take() { return parser_.release(); }

private:
  /// Whether something answered, but not in HTTP, or with more than is taken.
  static bool isNonsense(const boost::system::error_code& error) {
    const auto& of_http = make_error_code(http::error::bad_method).category();
    return error.category() == of_http && error != http::error::end_of_stream && error != http::error::partial_message;
  }

  void resolved(const boost::system::error_code& error, const tcp::resolver::results_type& found) {
    if (failed(error)) return;
    stream_.async_connect(found, [this](const auto& problem, const auto&) { connected(problem); });
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
  const std::string host_;
  const std::string port_;
  asio::io_context loop_;
  tcp::resolver resolver_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
  std::optional<boost::system::error_code> failure_;
  bool done_ = false;
};

/// What a problem document (RFC 9457) says, with every fault on a line of its own.
std::string sentenceOf(const Answer& answer) {
  const json::object* problem = answer.body.if_object();
  const auto text = [](const json::object& object, const char* name) {
    const json::value* found = object.if_contains(name);
    return found != nullptr && found->is_string() ? printable(found->get_string()) : std::string();
  };
  std::string sentence = problem == nullptr ? "" : text(*problem, "detail");
  if (sentence.empty()) sentence = "the service answered " + std::to_string(answer.status);
  if (problem == nullptr) return sentence;
  const json::value* errors = problem->if_contains("errors");
  if (errors == nullptr || !errors->is_array()) return sentence;
  for (const json::value& each : errors->get_array())
    if (const json::object* fault = each.if_object())
      sentence += "\n  " + text(*fault, "field") + ": " + text(*fault, "message");
  return sentence;
}

[[noreturn]] void refuse(const Answer& answer, std::string_view retry_after, const std::string& url) {
  const std::string sentence = sentenceOf(answer);
  if (answer.status == 404) throw Failure(Exit::NotFound, sentence);
  if (answer.status == 503)
    throw Failure(Exit::Unavailable,
                  sentence + "\ntry again" + (retry_after.empty() ? "" : " in " + printable(retry_after) + " s"));
  if (answer.status >= 400 && answer.status < 500) throw Failure(Exit::Usage, sentence);
  throw Failure(Exit::Unexpected, sentence + "\nthe log of penstockd says more; is " + url + " a Penstock?");
}

}  // namespace

Client::Client(const std::string& url, std::chrono::milliseconds timeout) : url_(url), timeout_(timeout) {
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

  Exchange exchange(std::move(request), host_, port_);
  try {
    exchange.run(timeout_);
  } catch (const Failure& failure) {
    throw Failure(failure.exit, "no answer from " + url_ + ": " + failure.what() +
                                    "\nis penstockd running there? --url or PENSTOCK_URL names another place");
  }
  const http::response<http::string_body> response = exchange.take();
  Answer answer{response.result_int(), response.body(), {}};
  boost::system::error_code error;
  answer.body = json::parse(answer.text, error);
  if (answer.status < 200 || answer.status > 299) {
    const auto retry = response[http::field::retry_after];
    refuse(answer, {retry.data(), retry.size()}, url_);
  }
  if (error) throw Failure(Exit::Unexpected, "the answer is no JSON; is " + url_ + " a Penstock?");
  return answer;
}

}  // namespace penstock::ctl
