#pragma once

#include <Poco/Net/SocketAddress.h>
#include <Poco/Redis/Client.h>
#include <Poco/Redis/Command.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/temporary_folder.h"

namespace penstock::test {

/// A Redis server of this process alone, in memory, reached by a unix socket in a temporary folder. It ends with this
/// object or this process, and says itself when it takes connections.
class RedisServer {
public:
  /// `arguments`: further ones of the command line, such as --requirepass.
  explicit RedisServer(std::vector<std::string> arguments = {}, bool now = true) : arguments_(std::move(arguments)) {
    if (now) start();
  }
  ~RedisServer() {
    if (server_ > 0) stop();
  }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  std::string socket() const { return (folder_.path() / "redis.sock").string(); }
  const std::filesystem::path& folder() const { return folder_.path(); }

  /// `entry`: user:password@ or nothing.
  std::string url(const std::string& entry = {}) const { return "unix://" + entry + socket(); }

  void start() {
    const int told = listen();
    server_ = launch();
    const bool ready = awaitReady(told);
    ::close(told);
    if (!ready) throw std::runtime_error("Redis does not start:\n" + log());
  }

  void stop(int signal = SIGKILL) {
    ::kill(server_, SIGCONT);
    ::kill(server_, signal);
    ::waitpid(server_, nullptr, 0);
    server_ = 0;
  }

  /// Stops the server's work without ending it: nothing is answered until it goes on. Comes back once it stands still.
  void pause() const {
    ::kill(server_, SIGSTOP);
    ::waitpid(server_, nullptr, WUNTRACED);
  }
  void resume() const { ::kill(server_, SIGCONT); }

  /// One command, on a connection of its own, after AUTH when there is a password; the answer as Redis writes it.
  std::string command(const std::vector<std::string>& words, const std::string& password = {}) const {
    Poco::Redis::Client client(Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, socket()));
    if (!password.empty()) client.sendCommand(make({"AUTH", password}));
    return client.sendCommand(make(words))->toString();
  }
  std::int64_t number(const std::vector<std::string>& words) const { return std::stoll(command(words).substr(1)); }

private:
  static Poco::Redis::Command make(const std::vector<std::string>& words) {
    Poco::Redis::Command command(words.front());
    for (std::size_t i = 1; i < words.size(); ++i) command << words[i];
    return command;
  }

  /// Where the server tells that it is ready, as it would tell systemd.
  int listen() const {
    const std::string path = (folder_.path() / "ready.sock").string();
    ::unlink(path.c_str());
    const int told = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
    if (::bind(told, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("cannot bind " + path);
    return told;
  }

  pid_t launch() const {
    std::vector<std::string> words{
        "redis-server",         "--port", "0",           "--unixsocket", socket(),       "--save",  "",
        "--appendonly",         "no",     "--daemonize", "no",           "--supervised", "systemd", "--dir",
        folder_.path().string()};
    words.insert(words.end(), arguments_.begin(), arguments_.end());
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    std::string ready = "NOTIFY_SOCKET=" + (folder_.path() / "ready.sock").string();
    std::vector<char*> variables{ready.data()};
    for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);
    variables.push_back(nullptr);
    const std::string log = (folder_.path() / "server.log").string();
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("cannot fork");
    if (child > 0) return child;
    // Other threads may have held locks, so nothing here allocates.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (::getppid() != parent || ::dup2(file, STDOUT_FILENO) < 0 || ::dup2(file, STDERR_FILENO) < 0) ::_exit(127);
    ::execvpe(pointers[0], pointers.data(), variables.data());
    ::_exit(127);
  }

  bool awaitReady(int told) {
    constexpr int kPatience = 30000;
    constexpr int kLook = 100;  // at whether it has ended
    char text[512];
    for (int waited = 0; waited < kPatience; waited += kLook) {
      pollfd descriptor{told, POLLIN, 0};
      if (::poll(&descriptor, 1, kLook) > 0) {
        const ssize_t size = ::recv(told, text, sizeof text, 0);
        if (size > 0 && std::string(text, static_cast<std::size_t>(size)).find("READY=1") != std::string::npos)
          return true;
      } else if (::waitpid(server_, nullptr, WNOHANG) != 0) {
        server_ = 0;
        return false;
      }
    }
    return false;
  }

  std::string log() const {
    std::ifstream file(folder_.path() / "server.log");
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  TemporaryFolder folder_;
  std::vector<std::string> arguments_;
  pid_t server_ = 0;
};

/// A port of the loopback interface that was free a moment ago.
inline std::uint16_t freePort() {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(probe, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("there is no free port");
  ::close(probe);
  return ntohs(address.sin_port);
}

}  // namespace penstock::test
