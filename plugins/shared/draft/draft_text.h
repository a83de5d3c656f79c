#pragma once

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

/// A draft's text read as one JSON object. Small ones live inside this object; keep it on the stack.
class DraftText {
public:
  DraftText() = default;
  DraftText(const DraftText&) = delete;
  DraftText& operator=(const DraftText&) = delete;

  /// Why a text cannot be used: it is no JSON, or JSON but no object.
  struct Fault {
    bool is_json = false;
    std::string why{};
  };

  /// Reads the text; nothing when it is an object that may be looked at. Of members with the same name the last counts.
  std::optional<Fault> read(std::string_view text);

  const boost::json::object& members() const { return value_.get_object(); }
  boost::json::object& members() { return value_.get_object(); }

private:
  std::array<unsigned char, 8192> memory_;
  boost::json::monotonic_resource resource_{memory_.data(), memory_.size()};
  boost::json::value value_ = boost::json::value(boost::json::storage_ptr(&resource_));
};

}  // namespace penstock
