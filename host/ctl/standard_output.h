#pragma once

#include <array>
#include <streambuf>

namespace penstock::ctl {

/// While it lives std::cout writes through it, and it remembers why that failed. One at a time.
class StandardOutput final : public std::streambuf {
public:
  StandardOutput();
  ~StandardOutput() override;
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;

  /// Writes what is left; 0, or errno of the first thing that could not be written.
  int finish();

protected:
  int_type overflow(int_type next) override;
  int sync() override;

private:
  std::array<char, 16384> buffer_{};
  std::streambuf* const before_;
  int fault_ = 0;
};

}  // namespace penstock::ctl
