#pragma once

#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/temporary_folder.h"

namespace penstock::test {

/// A PostgreSQL server of this process alone: a new cluster in a temporary folder, reached by a unix socket there (and,
/// when asked for, by a port of 127.0.0.1), in memory and without fsync unless asked for. It ends with this object or
/// this process. PostgreSQL refuses root, so root runs it as the user postgres, or nobody.
class PostgresServer {
public:
  struct Options {
    std::vector<std::string> settings{};   ///< lines of postgresql.conf
    std::vector<std::string> admission{};  ///< lines of pg_hba.conf instead of trust for everybody
    bool fsync = false;
  };

  PostgresServer() : PostgresServer(Options()) {}
  explicit PostgresServer(const Options& options)
      : folder_(options.fsync ? std::filesystem::temp_directory_path() : memory()) {
    lendFolder();
    run({binary("initdb"), "-D", dataFolder(), "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust",
         "--username=penstock"});
    configure(options);
    start();
  }
  ~PostgresServer() {
    if (server_ > 0) stop();
  }
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  /// The server that the cases of a binary share; started when first asked for.
  static PostgresServer& shared() {
    static PostgresServer server;
    return server;
  }

  /// A connection string without the database.
  std::string url(const std::string& database) const {
    return "host=" + folder_.path().string() + " user=penstock dbname=" + database;
  }

  void start() {
    server_ = launch({binary("postgres"), "-D", dataFolder()});
    awaitReady();
  }

  /// SIGINT: fast shutdown; SIGQUIT: immediate; SIGKILL: a crash of the whole machine, as far as it goes.
  void stop(int signal = SIGINT) {
    ::kill(server_, signal);
    ::waitpid(server_, nullptr, 0);
    server_ = 0;
    std::filesystem::remove(dataFolder() + "/postmaster.pid");
  }

  /// Stops the server's work without ending it; nothing is answered until it goes on.
  pid_t pid() const { return server_; }

  const std::filesystem::path& folder() const { return folder_.path(); }

private:
  /// Where a cluster that need not outlive the machine is made and dropped soonest, if there is room.
  static std::filesystem::path memory() {
    std::error_code error;
    const auto room = std::filesystem::space("/dev/shm", error);
    return !error && room.available > (std::uintmax_t{1} << 30) ? "/dev/shm" : std::filesystem::temp_directory_path();
  }

  static std::string binary(const std::string& name) {
    std::vector<std::string> found;
    std::error_code error;
    for (std::filesystem::directory_iterator entry("/usr/lib/postgresql", error), end; !error && entry != end;
         entry.increment(error)) {
      const auto file = entry->path() / "bin" / name;
      if (std::filesystem::exists(file)) found.push_back(file.string());
    }
    if (found.empty()) throw std::runtime_error("no " + name + " below /usr/lib/postgresql; run packaging/deps test");
    return *std::max_element(found.begin(), found.end());
  }

  std::string dataFolder() const { return (folder_.path() / "data").string(); }

  void lendFolder() {
    if (::geteuid() != 0) return;
    user_ = ::getpwnam("postgres");
    if (user_ == nullptr) user_ = ::getpwnam("nobody");
    if (user_ == nullptr || ::chown(folder_.path().c_str(), user_->pw_uid, user_->pw_gid) != 0)
      throw std::runtime_error("there is no user that PostgreSQL may run as");
  }

  void configure(const Options& options) const {
    std::ofstream file(dataFolder() + "/postgresql.conf", std::ios::app);
    file << "unix_socket_directories = '" << folder_.path().string() << "'\nlisten_addresses = ''\n"
         << "max_connections = 200\nlog_min_messages = warning\nmax_wal_size = 128MB\n";
    if (!options.fsync) file << "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n";
    for (const std::string& line : options.settings) file << line << '\n';
    if (options.admission.empty()) return;
    std::ofstream admission(dataFolder() + "/pg_hba.conf");
    for (const std::string& line : options.admission) admission << line << '\n';
  }

  pid_t launch(const std::vector<std::string>& words) const {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const std::string log = (folder_.path() / "server.log").string();
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("cannot fork");
    if (child > 0) return child;
    if (user_ != nullptr &&
        (::setgroups(0, nullptr) != 0 || ::setgid(user_->pw_gid) != 0 || ::setuid(user_->pw_uid) != 0))
      ::_exit(127);
    ::prctl(PR_SET_PDEATHSIG, SIGINT);
    if (::getppid() != parent || ::chdir("/") != 0) ::_exit(127);
    if (std::freopen(log.c_str(), "a", stdout) == nullptr || ::dup2(STDOUT_FILENO, STDERR_FILENO) < 0) ::_exit(127);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }

  void run(const std::vector<std::string>& words) const {
    int status = 0;
    if (::waitpid(launch(words), &status, 0) < 0 || status != 0)
      throw std::runtime_error(words.front() + " failed:\n" + log());
  }

  std::string log() const {
    std::ifstream file(folder_.path() / "server.log");
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  /// The server itself says when it takes connections, in the eighth line of its pid file.
  void awaitReady() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < deadline) {
      std::ifstream file(dataFolder() + "/postmaster.pid");
      std::string line;
      for (int i = 0; i < 8; ++i) std::getline(file, line);
      if (file && line.starts_with("ready")) return;
      if (::waitpid(server_, nullptr, WNOHANG) != 0) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    throw std::runtime_error("PostgreSQL does not start:\n" + log());
  }

  TemporaryFolder folder_;
  const passwd* user_ = nullptr;
  pid_t server_ = 0;
};

}  // namespace penstock::test
