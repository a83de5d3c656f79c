#pragma once

#include "penstock/reader.h"

#include <functional>
#include <map>
#include <optional>
#include <utility>

namespace penstock::test {

/// A reader that answers what the test put in and remembers what it was asked.
class FakeReader final : public Reader {
public:
  Listing<ConversationView> conversation_listing;
  std::optional<Listing<MessageView>> message_listing;
  std::optional<MessageDetail> detail;
  Listing<SentView> sent_listing;
  std::map<Uuid, MessageDetail> details;  ///< answered before `detail`
  /// Asked first; may throw or wait.
  std::function<void()> on_ask = [] {};

  ConversationQuery query;
  Page page;
  std::int64_t conversation = -1;
  Uuid id{};
  int lookups = 0;  ///< of single messages

  Listing<ConversationView> conversations(const ConversationQuery& asked, Page which) override {
    on_ask();
    query = asked;
    page = which;
    return conversation_listing;
  }
  std::optional<Listing<MessageView>> messages(std::int64_t asked, Page which) override {
    on_ask();
    conversation = asked;
    page = which;
    return message_listing;
  }
  Listing<SentView> sent(Page which) override {
    on_ask();
    page = which;
    return sent_listing;
  }
  std::optional<MessageDetail> message(const Uuid& asked) override {
    on_ask();
    id = asked;
    ++lookups;
    const auto found = details.find(asked);
    return found == details.end() ? detail : std::optional(found->second);
  }
};

}  // namespace penstock::test
