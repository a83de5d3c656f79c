#include "ctl/standard_output.h"

#include <unistd.h>

#include <cerrno>
#include <iostream>

namespace penstock::ctl {

StandardOutput::StandardOutput() : before_(std::cout.rdbuf(this)) {
  setp(buffer_.data(), buffer_.data() + buffer_.size());
}

StandardOutput::~StandardOutput() {
  std::cout.flush();
  std::cout.rdbuf(before_);
}

int StandardOutput::finish() {
  std::cout.flush();
  return fault_;
}

StandardOutput::int_type StandardOutput::overflow(int_type next) {
  if (sync() != 0) return traits_type::eof();
  if (!traits_type::eq_int_type(next, traits_type::eof())) {
    *pptr() = traits_type::to_char_type(next);
    pbump(1);
  }
  return traits_type::not_eof(next);
}

int StandardOutput::sync() {
  const char* from = pbase();
  while (from < pptr() && fault_ == 0) {
    const ssize_t written = ::write(STDOUT_FILENO, from, static_cast<std::size_t>(pptr() - from));
    if (written >= 0)
      from += written;
    else if (errno != EINTR)
      fault_ = errno;
  }
  setp(buffer_.data(), buffer_.data() + buffer_.size());
  return fault_ == 0 ? 0 : -1;
}

}  // namespace penstock::ctl
