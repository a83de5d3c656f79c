#pragma once

#include "penstock/http.h"
#include "shared/draft/draft_text.h"

#include <optional>
#include <string_view>

namespace penstock {

/// A request's body read as a draft; keep it on the stack.
class RequestBody {
public:
  /// Nothing when it is an object that may be looked at, else the refusal.
  std::optional<Problem> read(std::string_view text);

  const boost::json::object& members() const { return text_.members(); }
  boost::json::object& members() { return text_.members(); }

private:
  DraftText text_;
};

}  // namespace penstock
