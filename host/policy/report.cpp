#include "policy/report.h"

#include "penstock/json.h"
#include "penstock/provider_webhooks.h"
#include "policy/clean_text.h"
#include "policy/normal_draft.h"

#include <algorithm>

namespace penstock {
namespace {

constexpr std::size_t kLongestText = 255;
constexpr std::string_view kOwnIdMember = "message_id";
constexpr std::string_view kStatuses[] = {"sent", "delivered", "read", "failed"};

/// A text member; what is wrong with it becomes a fault.
std::string_view text(const Draft& draft, std::string_view name, bool required, std::vector<Fault>& faults) {
  const boost::json::value* value = draft.members == nullptr ? nullptr : draft.members->if_contains(name);
  const bool absent = value == nullptr || value->is_null();
  if (absent && !required) return {};
  const auto* found = absent ? nullptr : value->if_string();
  const std::string_view result =
      found == nullptr ? std::string_view() : std::string_view(found->data(), found->size());
  if (found == nullptr || result.empty() || result.size() > kLongestText)
    faults.push_back({std::string(name), "must be a text of 1 to 255 bytes"});
  else if (const TextFault fault = faultOf(result); fault != TextFault::None)
    faults.push_back({std::string(name), std::string(sentence(fault))});
  return result;
}

/// Our own id of the message, when the provider gives it back. It is only a help, so a wrong one refuses nothing.
std::optional<Uuid> ownId(const Draft& draft, const PolicyMetrics& metrics) {
  const boost::json::value* value = draft.members == nullptr ? nullptr : draft.members->if_contains(kOwnIdMember);
  if (value == nullptr || value->is_null()) return std::nullopt;
  std::optional<Uuid> id;
  if (const auto* written = value->if_string()) id = Uuid::parse({written->data(), written->size()});
  if (!id) metrics.report_ids_ignored.add();
  return id;
}

std::string_view bytesOf(const Digest128& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

}  // namespace

Admission admitReport(const Draft& draft, const ScriptState& state, WallTime now) {
  Admission admission;
  std::vector<Fault>& faults = admission.faults;
  const std::string_view id = text(draft, ProviderWebhooks::kProviderIdMember, true, faults);
  const std::string_view status = text(draft, "status", true, faults);
  const std::string_view error = text(draft, "error", false, faults);
  if (faults.empty() && std::ranges::find(kStatuses, status) == std::end(kStatuses))
    faults.push_back({"status", "must be sent, delivered, read or failed"});
  if (!faults.empty()) {
    admission.verdict = Admission::Verdict::Rejected;
    return admission;
  }
  Event& event = admission.event;
  event.kind = Kind::DeliveryStatus;
  event.id = Uuid::make(now);
  event.customer = kDefaultCustomer;
  event.key = Digest128::of({"report1", draft.provider, id, status});
  event.fingerprint = Digest128::of({"report1", bytesOf(event.key)});
  event.conversation = "report:" + Digest128::of({draft.provider, id}).hex();
  event.policy = state.scripts().hash;
  event.accepted_at = now;
  event.request_id = draft.request_id;
  event.content.channel = draft.channel;
  event.content.type = draft.channel == Channel::Email ? MessageType::Email : MessageType::Sms;
  event.content.timestamp = now;
  event.content.provider = draft.provider;
  event.content.provider_message_id = id;
  event.content.status = status;
  event.content.message_id = ownId(draft, state.metrics());
  if (!error.empty()) JsonWriter(event.content.metadata).beginObject().member("error", error).endObject();
  admission.verdict = Admission::Verdict::Admitted;
  return admission;
}

}  // namespace penstock
