#include "ctl/members.h"

#include "ctl/failure.h"
#include "ctl/output.h"

#include <boost/json/serialize.hpp>

namespace penstock::ctl {

namespace json = boost::json;

const json::value* member(const json::value& object, const char* name) {
  const json::object* members = object.if_object();
  const json::value* value = members == nullptr ? nullptr : members->if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::string cell(const json::value& object, const char* name) {
  const json::value* value = member(object, name);
  if (value == nullptr) return "-";
  return printable(value->is_string() ? std::string(value->get_string()) : json::serialize(*value));
}

std::optional<double> numberIn(const json::value& object, const char* name) {
  const json::value* value = member(object, name);
  if (value == nullptr) return std::nullopt;
  boost::system::error_code error;
  const auto number = value->to_number<double>(error);
  return error ? std::nullopt : std::optional<double>(number);
}

std::string textIn(const json::value& object, const char* name) {
  const json::value* value = member(object, name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::uint64_t numberOf(const json::value& object, const char* name) {
  const json::value* value = member(object, name);
  boost::system::error_code error;
  const auto number = value == nullptr ? std::uint64_t{0} : value->to_number<std::uint64_t>(error);
  if (value == nullptr || error) throw Failure(Exit::Unexpected, std::string("the answer has no number ") + name);
  return number;
}

const json::array& arrayOf(const json::value& object, const char* name) {
  const json::value* value = member(object, name);
  if (value == nullptr || !value->is_array()) throw Failure(Exit::Unexpected, std::string("the answer has no ") + name);
  return value->get_array();
}

}  // namespace penstock::ctl
