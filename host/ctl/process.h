#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::ctl {

/// Sees a process that this program has not started end. Holds the process itself, not its number.
class ProcessWatch {
public:
  /// Nothing when there is no such process here, or it goes by another name.
  static std::optional<ProcessWatch> open(pid_t pid, std::string_view name);

  ProcessWatch(ProcessWatch&& other) noexcept;
  ProcessWatch& operator=(ProcessWatch&& other) noexcept;
  ~ProcessWatch();

  bool ended() const;

private:
  explicit ProcessWatch(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

/// A process of this program, in a group of its own and without its standard input. It does not outlive the object,
/// nor this program.
class Child {
public:
  /// `environment` is all that it gets; what it writes goes to the descriptors. [throws: Failure]
  Child(const std::vector<std::string>& command, const std::vector<std::string>& environment, int out, int err);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  /// Sends TERM.
  void terminate() const;
  /// Its exit status, 128 and the signal's number, or nothing while it runs. [does not block]
  std::optional<int> ended();
  /// [blocks: until it ends, or so long]
  std::optional<int> await(std::chrono::milliseconds time);

private:
  pid_t pid_ = -1;
  std::optional<int> status_;
};

/// What a command that ends by itself has said.
struct Said {
  int status = 0;
  std::string out;
  std::string err;
};

/// Runs it in the environment of this program. [blocks: until it ends] [throws: Failure]
Said runToEnd(const std::vector<std::string>& command);

/// The penstockd beside this program, or where packages put it. [throws: Failure]
std::string daemonPath();

}  // namespace penstock::ctl
