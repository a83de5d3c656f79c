#include "policy/admission.h"

#include "policy/answers.h"
#include "policy/draft_table.h"
#include "policy/report.h"

#include <algorithm>

namespace penstock {
namespace {

constexpr std::size_t kLongestKeyText = 4 << 20;
constexpr std::size_t kLongestConversation = 1024;

/// What the scripts made of the draft.
struct Derived {
  NormalDraft normal;
  std::string key_text;
  std::string conversation;
};

/// Adds the script's faults except for members that already have one.
void merge(std::vector<Fault>& faults, std::vector<Fault> more) {
  const std::size_t known = faults.size();
  for (Fault& fault : more) {
    const auto end = faults.begin() + static_cast<std::ptrdiff_t>(known);
    if (std::none_of(faults.begin(), end, [&](const Fault& other) { return other.field == fault.field; }))
      faults.push_back(std::move(fault));
  }
}

class ScriptedAdmission {
public:
  ScriptedAdmission(const Draft& draft, const DraftMembers& members, ScriptState& state, WallTime now)
      : draft_(draft), members_(members), state_(state), now_(now) {}

  void operator()(lua_State* lua, std::vector<Fault>& faults, Derived& derived) {
    state_.begin(lua, ScriptName::Validate);
    pushDraft(lua, draft_, members_);
    lua_pushvalue(lua, -1);
    lua_insert(lua, -3);
    state_.pushSettings(lua);
    state_.finish(lua, 2);
    merge(faults, takeFaults(lua, state_));
    if (!faults.empty()) return;
    derived.normal = normalise(draft_, members_, now_, faults);
    if (!faults.empty()) return;
    setNormalised(lua, derived.normal);
    if (derived.normal.client_key)
      derived.key_text = *derived.normal.client_key;
    else
      derived.key_text = ask(lua, ScriptName::Idempotency, kLongestKeyText, false);
    derived.conversation = ask(lua, ScriptName::Conversation, kLongestConversation, true);
  }

private:
  /// Calls a script with the draft on top of the stack.
  std::string ask(lua_State* lua, ScriptName script, std::size_t longest, bool clean) {
    state_.begin(lua, script);
    lua_pushvalue(lua, -2);
    state_.pushSettings(lua);
    state_.finish(lua, 2);
    return takeText(lua, state_, longest, clean);
  }

  const Draft& draft_;
  const DraftMembers& members_;
  ScriptState& state_;
  const WallTime now_;
};

std::string_view bytesOf(const Digest128& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

/// Inbound: whatever has the same key is the same message, whatever it says. Outbound: what the recipient would get,
/// and, under a key of the client's own, when it was sent if the client said so; a derived key has judged the time.
Digest128 fingerprint(const Draft& draft, const NormalDraft& normal, const Digest128& key) {
  if (draft.kind == Kind::InboundMessage) return Digest128::of({"inbound1", bytesOf(key)});
  std::string attachments;
  for (const std::string_view url : normal.attachments)
    attachments.append(std::to_string(url.size())).append(":").append(url);
  const std::string time = normal.client_key && normal.timestamp_given
                               ? std::to_string(normal.timestamp.time_since_epoch().count())
                               : std::string();
  return Digest128::of({"outbound1", word(normal.type), normal.sender, normal.recipient, normal.subject, normal.body,
                        attachments, time});
}

Event makeEvent(const Draft& draft, const DraftMembers& members, Derived&& derived, const ScriptState& state,
                WallTime now) {
  NormalDraft& normal = derived.normal;
  Event event;
  event.kind = draft.kind;
  event.id = Uuid::make(now);
  event.customer = normal.customer;
  event.key = Digest128::of({"key1", normal.customer, draft.route, derived.key_text});
  event.fingerprint = fingerprint(draft, normal, event.key);
  event.conversation = std::move(derived.conversation);
  event.policy = state.scripts().hash;
  event.accepted_at = now;
  event.request_id = draft.request_id;

  Content& content = event.content;
  content.channel = draft.channel;
  content.type = normal.type;
  content.from = std::move(normal.from);
  content.to = std::move(normal.to);
  content.subject = normal.subject;
  content.body = normal.body;
  content.attachments.assign(normal.attachments.begin(), normal.attachments.end());
  content.timestamp = normal.timestamp;
  if (draft.kind == Kind::InboundMessage) {
    content.provider = draft.provider;
    content.provider_message_id = normal.provider_message_id;
  }
  content.metadata = metadataText(members);

  event.participant_a = std::move(normal.sender);
  event.participant_b = std::move(normal.recipient);
  if (event.participant_b < event.participant_a) std::swap(event.participant_a, event.participant_b);
  return event;
}

}  // namespace

Admission admit(const Draft& draft, ScriptState& state, WallTime now, std::optional<ScriptFailure>& failure) {
  Admission admission;
  std::vector<Fault> faults;
  if (draft.kind == Kind::DeliveryStatus) return admitReport(draft, state, now);
  const DraftMembers members = sortMembers(draft, faults);
  Derived derived;
  ScriptedAdmission scripted(draft, members, state, now);
  failure = state.run([&](lua_State* lua) { scripted(lua, faults, derived); });
  if (failure) return admission;
  if (!faults.empty()) {
    admission.verdict = Admission::Verdict::Rejected;
    admission.faults = std::move(faults);
    return admission;
  }
  admission.verdict = Admission::Verdict::Admitted;
  admission.event = makeEvent(draft, members, std::move(derived), state, now);
  return admission;
}

}  // namespace penstock
