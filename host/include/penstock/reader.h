#pragma once

#include "penstock/page.h"
#include "penstock/store.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// Everything a reader may ask for is a customer's own; without authentication a reader asks for all (no customer).
struct ConversationQuery {
  std::optional<std::string> customer{};
  std::optional<std::string> participant{};  ///< comparable form
  std::optional<Channel> channel{};
};

struct MessageView {
  Uuid id;
  std::int64_t conversation_id = 0;
  Kind kind = Kind::OutboundMessage;  ///< direction: outbound or inbound
  Content content;
  std::string snippet{};  ///< white space collapsed, 64 graphemes
  MessageStatus status = MessageStatus::Accepted;
  std::string provider{};  ///< who sent or delivered it; empty until known
  std::string provider_message_id{};
};

struct ConversationView {
  std::int64_t id = 0;
  std::string key;
  Channel channel = Channel::Sms;
  std::string participant_a;
  std::string participant_b;
  std::uint64_t message_count = 0;
  WallTime last_activity_at{};
  std::optional<MessageView> last_message{};
};

struct AttemptView {
  Attempt attempt;
  WallTime finished_at{};
};

struct MessageDetail {
  MessageView message;
  std::string customer;
  Digest128 key;
  Digest128 policy;
  WallTime accepted_at{};
  WallTime persisted_at{};
  std::vector<AttemptView> attempts{};      ///< oldest first
  std::map<std::string, Duration> waits{};  ///< total time spent waiting, by cause (queue, backoff, limit, …)
};

struct SentView {
  Uuid message_id;
  WallTime sent_at{};
};

template <typename Item>
struct Listing {
  std::vector<Item> items{};
  std::uint64_t total = 0;
};

/// penstock.reader/1: the reading side, given by every store. Never blocks the writer and sees every committed write.
class Reader {
public:
  static constexpr std::string_view kInterface = "penstock.reader/1";
  virtual ~Reader() = default;

  /// Newest activity first, the greater id first among equals. [any thread] [blocks] [throws: StoreUnavailable]
  virtual Listing<ConversationView> conversations(const ConversationQuery& query, Page page) = 0;

  /// Oldest first by timestamp, id breaks ties. Nothing when there is no such conversation.
  /// [any thread] [blocks] [throws: StoreUnavailable]
  virtual std::optional<Listing<MessageView>> messages(std::int64_t conversation, Page page) = 0;

  /// Sent messages, newest first. [any thread] [blocks] [throws: StoreUnavailable]
  virtual Listing<SentView> sent(Page page) = 0;

  /// One message by its id or by an alias of it. [any thread] [blocks] [throws: StoreUnavailable]
  virtual std::optional<MessageDetail> message(const Uuid& id) = 0;
};

}  // namespace penstock
