#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace penstock {

/// Where bytes of the log go: stderr, stdout or a file. One thread at a time.
class Destination {
public:
  /// "stderr", "stdout", or the path of a file, which is made with mode 0640 and appended to.
  /// [throws: std::system_error]
  explicit Destination(const std::string& name);
  ~Destination();
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;

  bool isTerminal() const;

  enum class Result : std::uint8_t {
    Written,  ///< some bytes, perhaps not all
    Busy,     ///< takes nothing at the moment; it was waited for
    Full,     ///< no room on the disk or the like; may pass
    Broken,   ///< will take nothing any more
  };
  struct Progress {
    Result result = Result::Broken;
    std::size_t bytes = 0;
  };

  /// Writes what goes without blocking for longer than `patience`, on sockets, pipes and terminals too.
  Progress write(std::string_view bytes, std::chrono::milliseconds patience) noexcept;

private:
  enum class Type : std::uint8_t { File, Socket, Stream };

  int descriptor_ = -1;
  Type type_ = Type::Stream;
};

}  // namespace penstock
