#include "ctl/process.h"

#include "ctl/failure.h"
#include "ctl/interrupt.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

namespace penstock::ctl {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostSaid = std::size_t{16} << 20;
constexpr std::chrono::milliseconds kLook{20};
constexpr std::chrono::seconds kGrace{30};  // from TERM to KILL
constexpr int kCannotRun = 127;

std::string nameOf(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
  std::string name;
  std::getline(file, name);
  return name;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

int statusOf(int waited) { return WIFEXITED(waited) ? WEXITSTATUS(waited) : 128 + WTERMSIG(waited); }

Failure systemFailure(const std::string& what) {
  return Failure(Exit::Unavailable, what + ": " + std::strerror(errno));
}

class Pipe {
public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) throw systemFailure("cannot make a pipe");
  }
  ~Pipe() {
    closeWriter();
    ::close(ends_[0]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  void closeWriter() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }

private:
  std::array<int, 2> ends_{-1, -1};
};

/// Reads what is there; false at the end.
bool readSome(int descriptor, std::string& into) {
  std::array<char, 16384> chunk;
  const ssize_t got = ::read(descriptor, chunk.data(), chunk.size());
  if (got < 0) return errno == EINTR;
  const std::size_t room = kMostSaid - into.size();
  into.append(chunk.data(), std::min(room, static_cast<std::size_t>(got)));
  return got > 0;
}

}  // namespace

std::optional<ProcessWatch> ProcessWatch::open(pid_t pid, std::string_view name) {
  if (pid <= 0) return std::nullopt;
  const int descriptor = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (descriptor < 0) return std::nullopt;
  ProcessWatch watch(descriptor);
  if (nameOf(pid) != name || watch.ended()) return std::nullopt;
  return watch;
}

ProcessWatch::ProcessWatch(ProcessWatch&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

ProcessWatch& ProcessWatch::operator=(ProcessWatch&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

ProcessWatch::~ProcessWatch() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool ProcessWatch::ended() const {
  pollfd watched{descriptor_, POLLIN, 0};
  return ::poll(&watched, 1, 0) == 1;
}

Child::Child(const std::vector<std::string>& command, const std::vector<std::string>& environment, int out, int err) {
  const std::vector<char*> arguments = pointers(command);
  const std::vector<char*> variables = pointers(environment);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw systemFailure("cannot start " + command.front());
  if (pid_ > 0) return;
  // In the child: only what is safe between fork and exec.
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kCannotRun);
  const int nothing = ::open("/dev/null", O_RDWR);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execve(arguments.front(), arguments.data(), variables.data());
  ::_exit(kCannotRun);
}

Child::~Child() {
  if (ended()) return;
  terminate();
  if (await(kGrace)) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
}

void Child::terminate() const {
  if (!status_) ::kill(pid_, SIGTERM);
}

std::optional<int> Child::ended() {
  int waited = 0;
  if (!status_ && ::waitpid(pid_, &waited, WNOHANG) == pid_) status_ = statusOf(waited);
  return status_;
}

std::optional<int> Child::await(std::chrono::milliseconds time) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  while (!ended() && std::chrono::steady_clock::now() < deadline) pause(kLook);
  return status_;
}

Said runToEnd(const std::vector<std::string>& command) {
  std::vector<std::string> environment;
  for (char** each = environ; *each != nullptr; ++each) environment.emplace_back(*each);
  Pipe out;
  Pipe err;
  Child child(command, environment, out.writer(), err.writer());
  out.closeWriter();
  err.closeWriter();
  Said said;
  std::array<pollfd, 2> watched{pollfd{out.reader(), POLLIN, 0}, pollfd{err.reader(), POLLIN, 0}};
  while (watched[0].fd >= 0 || watched[1].fd >= 0) {
    if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) throw systemFailure("cannot wait");
    if (watched[0].revents != 0 && !readSome(out.reader(), said.out)) watched[0].fd = -1;
    if (watched[1].revents != 0 && !readSome(err.reader(), said.err)) watched[1].fd = -1;
    watched[0].revents = watched[1].revents = 0;
  }
  while (!child.ended()) pause(kLook);
  said.status = *child.ended();
  if (said.status == kCannotRun) throw Failure(Exit::Unavailable, "cannot run " + command.front());
  return said;
}

std::string daemonPath() {
  std::error_code fault;
  const fs::path own = fs::read_symlink("/proc/self/exe", fault).parent_path();
  for (const fs::path& place : {own / "penstockd", own.parent_path() / "sbin" / "penstockd"})
    if (::access(place.c_str(), X_OK) == 0) return place;
  throw Failure(Exit::Unavailable, "there is no penstockd beside this program, in " + own.string());
}

}  // namespace penstock::ctl
