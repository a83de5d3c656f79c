#pragma once

#include "penstock/http.h"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <optional>
#include <string_view>

namespace penstock {

/// A request's body read as one JSON object. Small bodies live inside this object; keep it on the stack.
class RequestBody {
public:
  RequestBody() = default;
  RequestBody(const RequestBody&) = delete;
  RequestBody& operator=(const RequestBody&) = delete;

  /// Reads the text; nothing when it is an object that may be looked at, else the refusal. Of members with the same
  /// name the last counts.
  std::optional<Problem> read(std::string_view text);

  const boost::json::object& members() const { return value_.get_object(); }

private:
  std::array<unsigned char, 8192> memory_;
  boost::json::monotonic_resource resource_{memory_.data(), memory_.size()};
  boost::json::value value_ = boost::json::value(boost::json::storage_ptr(&resource_));
};

}  // namespace penstock
