#pragma once

#include "http-ingest/accept.h"

#include "penstock/http.h"

#include <boost/json/object.hpp>

#include <variant>

namespace penstock {

/// Which webhook a message is reported by that the mock provider is said to have received: its member `channel` tells,
/// and is taken out; an mms needs no `type` beside it. Or what is wrong with that. The call is of static storage.
std::variant<const SendingCall*, Fault> mockInboundCall(boost::json::object& members);

}  // namespace penstock
