#pragma once

#include <boost/json/value.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::ctl {

using Query = std::vector<std::pair<std::string, std::string>>;

/// The service's answer to one call.
struct Answer {
  unsigned status = 0;
  std::string text;
  boost::json::value body;
  bool replayed = false;  ///< of a sending call: the id is an earlier message's
};

/// Talks to one service over HTTP/1.1, a connection a call, by TCP or by a unix socket.
class Client {
public:
  /// `url` is http://host[:port][/prefix]; the timeout is for a whole call. [throws: Failure]
  Client(const std::string& url, std::chrono::milliseconds timeout);

  /// The admin listener of a service: the path of its socket, or a url where it has an address. [throws: Failure]
  static Client admin(const std::string& place, std::chrono::milliseconds timeout);

  /// The answer if its status is 2xx. `path` begins with a slash. [blocks: up to the timeout] [throws: Failure]
  Answer get(std::string_view path, const Query& query = {}) { return call("GET", path, query, nullptr); }
  Answer post(std::string_view path, const boost::json::value& body) { return call("POST", path, {}, &body); }
  Answer post(std::string_view path) { return call("POST", path, {}, nullptr); }
  Answer remove(std::string_view path) { return call("DELETE", path, {}, nullptr); }

private:
  Client(std::string path, std::chrono::milliseconds timeout, bool of_socket);
  Answer call(std::string_view method, std::string_view path, const Query& query, const boost::json::value* body);

  std::string url_;  ///< or the path of the socket, for what is said of it
  bool admin_ = false;
  std::string hint_;  ///< what to look at when nobody answers
  std::string path_;  ///< of the socket; empty: TCP
  std::string host_;
  std::string port_;
  std::string authority_;
  std::string prefix_;
  std::chrono::milliseconds timeout_;
};

}  // namespace penstock::ctl
