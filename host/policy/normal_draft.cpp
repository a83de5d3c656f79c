#include "policy/normal_draft.h"

#include "policy/http_url.h"
#include "sdk/address.h"

#include <algorithm>

namespace penstock {
namespace {

constexpr std::size_t kLongestName = 1024;  // customers, client keys and provider ids: bytes, whatever a script allows

class Normaliser {
public:
  Normaliser(const Draft& draft, const DraftMembers& members, WallTime now, std::vector<Fault>& faults)
      : draft_(draft), members_(members), now_(now), faults_(faults) {}

  NormalDraft normalise() {
    readType();
    readAddress("from", members_.from, normal_.from, normal_.sender);
    readAddress("to", members_.to, normal_.to, normal_.recipient);
    normal_.subject = text("subject", members_.subject);
    normal_.body = text("body", members_.body);
    readAttachments();
    readTimestamp();
    normal_.customer = members_.customer == nullptr ? kDefaultCustomer : name("customerId", members_.customer);
    if (members_.metadata != nullptr && !members_.metadata->is_object()) refuse("metadata", "must be an object");
    readIdentity();
    return std::move(normal_);
  }

private:
  void refuse(std::string_view field, std::string_view message) {
    faults_.push_back({std::string(field), std::string(message)});
  }

  std::string_view text(std::string_view field, const boost::json::value* value) {
    if (value == nullptr) return {};
    if (const auto* string = value->if_string()) return {string->data(), string->size()};
    refuse(field, "must be a string");
    return {};
  }

  std::string_view name(std::string_view field, const boost::json::value* value) {
    const std::string_view result = text(field, value);
    if (result.empty() || result.size() > kLongestName) refuse(field, "must have 1 to 1024 bytes");
    return result;
  }

  void readType() {
    normal_.type = draft_.channel == Channel::Email ? MessageType::Email : MessageType::Sms;
    if (members_.type == nullptr) return;
    std::string written(text("type", members_.type));
    std::transform(written.begin(), written.end(), written.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    const auto type = parseMessageType(written);
    if (!type || (*type == MessageType::Email) != (draft_.channel == Channel::Email))
      refuse("type", "is no type of this channel");
    else
      normal_.type = *type;
  }

  void readAddress(std::string_view field, const boost::json::value* value, std::string& kept,
                   std::string& comparable) {
    const std::string_view written = text(field, value);
    if (draft_.channel == Channel::Email) {
      const auto bare = mailAddress(written);
      if (!bare) return refuse(field, "must be an e-mail address");
      kept = *bare;
      comparable = comparableMailbox(*bare);
      return;
    }
    const auto number = comparableAddress(Channel::Sms, written);
    if (!number) return refuse(field, "must be a phone number");
    kept = *number;
    comparable = *number;
  }

  void readAttachments() {
    if (members_.attachments == nullptr) return;
    const auto* list = members_.attachments->if_array();
    if (list == nullptr) return refuse("attachments", "must be a list of URLs");
    for (const boost::json::value& item : *list) {
      const auto* url = item.if_string();
      if (url == nullptr || !isHttpUrl({url->data(), url->size()}))
        return refuse("attachments", "must be absolute http or https URLs");
      normal_.attachments.emplace_back(url->data(), url->size());
    }
  }

  void readTimestamp() {
    const bool alias = members_.timestamp == nullptr;
    const auto* value = alias ? members_.sent_at : members_.timestamp;
    // The API shows milliseconds, and what it shows must sort as it is sorted.
    normal_.timestamp = std::chrono::floor<std::chrono::milliseconds>(now_);
    if (value == nullptr) return;
    const auto time = value->is_string() ? parseTime(text("timestamp", value)) : std::nullopt;
    if (!time) return refuse(alias ? "sentAt" : "timestamp", "must be an RFC 3339 time with zone");
    normal_.timestamp = std::chrono::floor<std::chrono::milliseconds>(*time);
    normal_.timestamp_given = true;
  }

  void readIdentity() {
    if (draft_.kind == Kind::InboundMessage) {
      normal_.provider_message_id = name(draft_.provider_id_member, members_.provider_message_id);
    } else if (draft_.client_key) {
      normal_.client_key = *draft_.client_key;
    } else if (members_.idempotency_key != nullptr) {
      normal_.client_key = name("idempotencyKey", members_.idempotency_key);
    }
  }

  const Draft& draft_;
  const DraftMembers& members_;
  const WallTime now_;
  std::vector<Fault>& faults_;
  NormalDraft normal_;
};

}  // namespace

NormalDraft normalise(const Draft& draft, const DraftMembers& members, WallTime now, std::vector<Fault>& faults) {
  return Normaliser(draft, members, now, faults).normalise();
}

}  // namespace penstock
