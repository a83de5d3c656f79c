#pragma once

#include "penstock/queue.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// The store cannot be reached, is busy past its time, or is out of room; nothing of the call was kept as far as is
/// known. Try again later.
struct StoreUnavailable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The store will never take this span as it is: something in it breaks a rule of the store. Nothing of the call was
/// kept. A caller with several items splits the span to find the bad one.
struct StoreRejected : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// accepted < sending < unknown < sent < delivered < read; failed and dead end it until a person replays; inbound
/// messages are received. A message never moves back.
enum class MessageStatus : std::uint8_t { Accepted, Sending, Unknown, Sent, Delivered, Read, Failed, Dead, Received };

std::string_view word(MessageStatus status);
std::optional<MessageStatus> parseMessageStatus(std::string_view word);

enum class PersistVerdict : std::uint8_t {
  Inserted,  ///< a new message
  Existing,  ///< same customer, key and fingerprint is stored already; a differing event id was kept as its alias
};

struct Persisted {
  PersistVerdict verdict = PersistVerdict::Inserted;
  Uuid message;                   ///< id of the stored message: the event's own, or the first one's for Existing
  std::int64_t conversation = 0;  ///< from 1
  MessageStatus status = MessageStatus::Accepted;
  bool key_reused = false;  ///< Inserted although the key is known with other content: accepted is never dropped
};

/// A wish to send: this attempt, under this lease.
struct Intent {
  Uuid message;
  std::uint32_t attempt = 1;  ///< counted on over replays, so that it only rises
  LeaseToken token;
  std::string provider;  ///< who will be asked to send it
  bool resend = false;   ///< the provider takes our idempotency key, or is asked first (lookup), so a message whose
                         ///< earlier attempt is sending or unknown may be sent again. Only honoured when the last
                         ///< attempt was granted to the same provider: no other recognises it

  /// Attempts there had been when a person replayed the event, 0 if nobody has. Until an attempt after them is granted,
  /// the message may be sent although it has failed, is dead or is unknown: the person has decided that.
  std::uint32_t replayed_after = 0;
};

struct BeginResult {
  bool granted = false;

  /// The message's status: sending when granted. When a later attempt than the one that is sending is refused, the
  /// holder of that one is lost, and what became of it is unknown from then on; so it stands in the history, with the
  /// provider that it was granted to, and as given up.
  MessageStatus status = MessageStatus::Accepted;

  /// When granted: an earlier attempt may have sent the message, and no person has replayed it since. Unless a lookup
  /// proves the contrary, nothing short of sent makes it known again.
  bool doubtful = false;
};

/// How an attempt ended.
enum class AttemptOutcome : std::uint8_t { Sent, NotSent, Unknown };

std::string_view word(AttemptOutcome outcome);
std::optional<AttemptOutcome> parseAttemptOutcome(std::string_view word);

/// What an attempt that was not sent, or of which nobody knows, means for the message.
enum class AttemptEnd : std::uint8_t {
  Open,    ///< there may be another attempt
  Failed,  ///< the provider, or the guard, refuses it for good: the message becomes failed
  Dead,    ///< given up: the message becomes dead
};

std::string_view word(AttemptEnd end);
std::optional<AttemptEnd> parseAttemptEnd(std::string_view word);

/// One attempt's end, to be kept in the message's history.
struct Attempt {
  Uuid message;
  std::uint32_t number = 1;
  LeaseToken token;
  AttemptOutcome outcome = AttemptOutcome::Sent;
  AttemptEnd end = AttemptEnd::Open;
  std::string provider;
  std::string provider_message_id{};  ///< when sent
  int http_status = 0;                ///< 0: no answer
  std::string error{};                ///< why not sent or unknown
  WallTime started_at{};
  Duration latency{};
  std::map<std::string, Duration> waits{};  ///< time spent waiting before this attempt, by cause
  bool earlier_not_sent = false;  ///< a lookup during this attempt proved that none before it sent the message
};

/// penstock.store/1: conversations, messages and attempts, given by a store plugin.
class Store {
public:
  static constexpr std::string_view kInterface = "penstock.store/1";
  virtual ~Store() = default;

  /// Keeps the events' messages: idempotent, one transaction for the span, conversation counters changed in the same
  /// transaction. The span may hold the same event, or the same key and content, more than once. One result per event,
  /// in order. delivery_status events move the status of the message that they name: by our own id, when that is an
  /// outbound message whose last attempt was granted to the provider that reports, else by (provider,
  /// provider_message_id). A failure named by our own id is not that of a message which is known by another id of the
  /// provider's. A message that is moved by our own id takes over the provider's id if it has none yet, and counts as
  /// sent unless it failed.
  /// [any thread] [blocks: one transaction] [throws: StoreUnavailable, StoreRejected]
  virtual std::vector<Persisted> persist(std::span<const Event> events) = 0;

  /// Asks leave to send. Compare-and-set on the message's status, attempt and token, committed before it returns. Only
  /// an intent that is granted may touch a socket; each (message, attempt, token) is granted at most once. One result
  /// per intent, in order; an unknown message is refused.
  /// [any thread] [blocks: one transaction] [throws: StoreUnavailable, StoreRejected]
  virtual std::vector<BeginResult> begin(std::span<const Intent> intents) = 0;

  /// Keeps how attempts ended and moves the messages' statuses, never back. Recording the same attempt again changes
  /// nothing, except that one which is unknown, or whose worker was given up as lost, may become known.
  ///
  /// While any attempt since the last replay is unknown, a later one that is not sent leaves the message unknown,
  /// whatever its end, unless a lookup proved that the earlier ones sent nothing (earlier_not_sent). Once the last
  /// unknown one turns out to be not sent, the message is as its last attempt ended.
  /// [any thread] [blocks: one transaction] [throws: StoreUnavailable, StoreRejected]
  virtual void record(std::span<const Attempt> attempts) = 0;
};

}  // namespace penstock
