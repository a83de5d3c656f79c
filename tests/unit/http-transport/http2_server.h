#pragma once

#include "receiver.h"
#include "self_signed.h"
#include "support/temporary_folder.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace penstock::http_transport {

/// nginx, which speaks HTTP/2 to whoever offers it in the TLS handshake. It says by what protocol it was asked, and on
/// which of its connections:
///
///     /      200, the protocol as body, the number of the connection in X-Connection
///     /gone  takes the request and ends the stream without an answer
///
/// It gets a socket that listens already, so it can be asked at once.
class Http2Server {
public:
  explicit Http2Server(const SelfSigned& certificate) {
    certificate.write(file("certificate.pem"));
    certificate.writeKey(file("key.pem"));
    const int listener = listenOnLoopback(128, port_);
    std::ofstream(file("nginx.conf")) << configuration();
    server_ = launch(listener);
    close(listener);
  }
  ~Http2Server() {
    kill(server_, SIGTERM);
    waitpid(server_, nullptr, 0);
  }
  Http2Server(const Http2Server&) = delete;
  Http2Server& operator=(const Http2Server&) = delete;

  std::string url(const std::string& path = "/") const { return "https://127.0.0.1:" + std::to_string(port_) + path; }
  std::string authority() const { return file("certificate.pem"); }

  /// What nginx complains of.
  std::string log() const {
    std::ifstream in(file("error.log"));
    return {std::istreambuf_iterator<char>(in), {}};
  }

private:
  std::string file(const std::string& name) const { return (folder_.path() / name).string(); }

  std::string configuration() const {
    std::string text = "daemon off;\nuser root;\nworker_processes 1;\npid " + file("nginx.pid") + ";\nerror_log " +
                       file("error.log") + " notice;\nevents { worker_connections 256; }\nhttp {\n  access_log off;\n";
    for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
      text += "  " + std::string(kind) + "_temp_path " + file(kind) + ";\n";
    return text + "  server {\n    listen 127.0.0.1:" + std::to_string(port_) +
           " ssl http2;\n    ssl_certificate certificate.pem;\n    ssl_certificate_key key.pem;\n"
           "    location = / { add_header X-Connection $connection; proxy_set_header X-Protocol $server_protocol; "
           "proxy_pass http://unix:" +
           file("back") +
           "; }\n    location = /gone { return 444; }\n  }\n"
           // What answers before it has read the body may end the stream before its answer is read.
           "  server { listen unix:" +
           file("back") + "; location / { return 200 $http_x_protocol; } }\n}\n";
  }

  /// nginx takes over the sockets that this variable numbers, as it does from the program before it in an upgrade; only
  /// with a master process, which SIGTERM ends together with its worker.
  pid_t launch(int listener) const {
    const std::string folder = folder_.path().string();
    const std::string configuration_file = file("nginx.conf");
    const std::string error_log = file("error.log");
    const std::string sockets = "NGINX=" + std::to_string(listener) + ";";
    const std::vector<const char*> arguments{
        "nginx", "-p", folder.c_str(), "-c", configuration_file.c_str(), "-e", error_log.c_str(), nullptr};
    const std::vector<const char*> environment{sockets.c_str(), nullptr};
    const pid_t child = fork();
    if (child < 0) throw std::runtime_error("no process for nginx");
    if (child > 0) return child;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    fcntl(listener, F_SETFD, 0);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    execve("/usr/sbin/nginx", const_cast<char* const*>(arguments.data()), const_cast<char* const*>(environment.data()));
    _exit(127);
  }

  test::TemporaryFolder folder_;
  std::uint16_t port_ = 0;
  pid_t server_ = 0;
};

}  // namespace penstock::http_transport
