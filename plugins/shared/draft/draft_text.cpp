#include "shared/draft/draft_text.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parser.hpp>

#include <algorithm>
#include <limits>

namespace penstock {

namespace {

constexpr std::size_t kDeepest = 32;
constexpr std::size_t kMostMembers = 512;

boost::json::parse_options options() {
  boost::json::parse_options strict;
  strict.max_depth = kDeepest;
  return strict;
}

/// Reads without keeping anything, only to see that no object has more members than may be. Boost.JSON's objects hash
/// their names so that many chosen ones can be made to collide, and adding a member is then as slow as they are many.
struct MemberLimit {
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_object_size = kMostMembers;
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();

  using Error = boost::json::error_code;
  using Text = boost::json::string_view;
  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_array_begin(Error&) { return true; }
  bool on_array_end(std::size_t, Error&) { return true; }
  bool on_object_begin(Error&) { return true; }
  bool on_object_end(std::size_t, Error&) { return true; }
  bool on_string_part(Text, std::size_t, Error&) { return true; }
  bool on_string(Text, std::size_t, Error&) { return true; }
  bool on_key_part(Text, std::size_t, Error&) { return true; }
  bool on_key(Text, std::size_t, Error&) { return true; }
  bool on_number_part(Text, Error&) { return true; }
  bool on_int64(std::int64_t, Text, Error&) { return true; }
  bool on_uint64(std::uint64_t, Text, Error&) { return true; }
  bool on_double(double, Text, Error&) { return true; }
  bool on_bool(bool, Error&) { return true; }
  bool on_null(Error&) { return true; }
  bool on_comment_part(Text, Error&) { return true; }
  bool on_comment(Text, Error&) { return true; }
};

boost::json::error_code checkMembers(std::string_view text) {
  boost::json::error_code error;
  if (static_cast<std::size_t>(std::ranges::count(text, ':')) <= kMostMembers) return error;
  boost::json::basic_parser<MemberLimit> parser(options());
  parser.write_some(false, text.data(), text.size(), error);
  return error;
}

}  // namespace

std::optional<DraftText::Fault> DraftText::read(std::string_view text) {
  boost::json::error_code error = checkMembers(text);
  if (error == boost::json::error::object_too_large)
    return Fault{.why = "an object has more than " + std::to_string(kMostMembers) + " members"};
  std::array<unsigned char, 4096> workspace;
  boost::json::parser parser({}, options(), workspace.data(), workspace.size());
  parser.reset(&resource_);
  if (!error) parser.write(text.data(), text.size(), error);
  if (error == boost::json::error::too_deep)
    return Fault{.why = "it is nested deeper than " + std::to_string(kDeepest) + " levels"};
  if (error) return Fault{.why = error.message()};
  value_ = parser.release();
  if (!value_.is_object()) return Fault{.is_json = true};
  return std::nullopt;
}

}  // namespace penstock
