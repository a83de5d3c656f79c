#pragma once

#include "penstock/page.h"
#include "penstock/reader.h"

#include <string>

namespace penstock {

/// The reading calls' answers as JSON, as openapi.yaml states them. [any thread]
std::string toJson(const Listing<ConversationView>& listing, Page page);
std::string toJson(const Listing<MessageView>& listing, Page page);
std::string toJson(const Listing<SentView>& listing, Page page);
std::string toJson(const MessageDetail& detail);

}  // namespace penstock
