#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace penstock::ctl {

/// The member of a JSON object, or nothing when it is not there, is null, or the value is no object.
const boost::json::value* member(const boost::json::value& object, const char* name);

/// A member as people read it, with nothing in it that could move the cursor; nothing is a dash.
std::string cell(const boost::json::value& object, const char* name);

std::optional<double> numberIn(const boost::json::value& object, const char* name);
std::string textIn(const boost::json::value& object, const char* name);

/// A whole number that has to be there. [throws: Failure]
std::uint64_t numberOf(const boost::json::value& object, const char* name);
/// A list that has to be there. [throws: Failure]
const boost::json::array& arrayOf(const boost::json::value& object, const char* name);

}  // namespace penstock::ctl
