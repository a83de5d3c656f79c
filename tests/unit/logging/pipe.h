#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <thread>

namespace penstock::test {

/// A pipe that a log can write to as to a file, and that is read only when the test wants it.
class Pipe {
public:
  Pipe() {
    if (pipe2(ends_, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  }
  ~Pipe() {
    if (reader_.joinable()) finish();
    close(ends_[0]);
    if (ends_[1] >= 0) close(ends_[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  /// The path under which the writing end can be opened.
  std::string path() const { return "/proc/self/fd/" + std::to_string(ends_[1]); }

  /// Bytes that wait in it.
  int capacity() const { return fcntl(ends_[1], F_GETPIPE_SZ); }

  void closeReadingEnd() {
    close(ends_[0]);
    ends_[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
  }

  /// Reads everything from now on.
  void startReading() {
    reader_ = std::thread([this] {
      char block[65536];
      for (ssize_t count = 0; (count = read(ends_[0], block, sizeof block)) > 0;)
        text_.append(block, static_cast<std::size_t>(count));
    });
  }

  /// What was written, once all writers have closed it.
  std::string finish() {
    close(ends_[1]);
    ends_[1] = -1;
    if (reader_.joinable()) reader_.join();
    return text_;
  }

private:
  int ends_[2] = {-1, -1};
  std::thread reader_;
  std::string text_;
};

}  // namespace penstock::test
