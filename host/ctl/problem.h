#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace penstock::ctl {

/// What an answer that is no success says of itself in a problem document (RFC 9457). Nothing in it can move the
/// cursor.
struct Problem {
  unsigned status = 0;
  std::string code;      ///< such as queue_full; empty when it has none
  std::string sentence;  ///< with every fault on a line of its own
};

/// `body` is null when the answer was no JSON.
Problem problemOf(unsigned status, const boost::json::value& body);

}  // namespace penstock::ctl
