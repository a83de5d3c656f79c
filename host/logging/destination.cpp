#include "logging/destination.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

namespace penstock {

namespace {

// O_NONBLOCK: a pipe that nobody reads must not hold up the start.
int openDestination(const std::string& name) {
  if (name == "stderr") return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  if (name == "stdout") return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  return open(name.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
}

}  // namespace

Destination::Destination(const std::string& name) : descriptor_(openDestination(name)) {
  if (descriptor_ < 0)
    throw std::system_error(errno, std::generic_category(), "logging.destination: cannot open " + name);
  struct stat status {};
  if (fstat(descriptor_, &status) != 0) return;
  if (S_ISREG(status.st_mode)) type_ = Type::File;
  if (S_ISSOCK(status.st_mode)) type_ = Type::Socket;
}

Destination::~Destination() {
  if (descriptor_ >= 0) close(descriptor_);
}

bool Destination::isTerminal() const { return isatty(descriptor_) == 1; }

// stderr is shared with other processes, so O_NONBLOCK cannot be set on it. A socket can be asked not to block for one
// call; of a pipe or terminal that polls writable up to PIPE_BUF bytes go in without blocking (pipe(7)).
Destination::Progress Destination::write(std::string_view bytes, std::chrono::milliseconds patience) noexcept {
  if (type_ != Type::File) {
    pollfd wait{descriptor_, POLLOUT, 0};
    const int ready = poll(&wait, 1, static_cast<int>(patience.count()));
    if (ready == 0 || (ready < 0 && errno == EINTR)) return {Result::Busy, 0};
  }
  const std::size_t size = type_ == Type::Stream ? std::min<std::size_t>(bytes.size(), PIPE_BUF) : bytes.size();
  const ssize_t written = type_ == Type::Socket ? send(descriptor_, bytes.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL)
                                                : ::write(descriptor_, bytes.data(), size);
  if (written >= 0) return {Result::Written, static_cast<std::size_t>(written)};
  switch (errno) {
    case EINTR:
    case EAGAIN:
      return {Result::Busy, 0};
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EIO:
    case ENOBUFS:
      return {Result::Full, 0};
    default:
      return {Result::Broken, 0};
  }
}

}  // namespace penstock
