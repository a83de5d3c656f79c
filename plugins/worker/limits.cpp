#include "worker/limits.h"

#include <utility>

namespace penstock {

namespace {

constexpr double kSecondsOfAMinute = 60;
constexpr std::size_t kSuspects = 64;

/// All suspects have their places together.
std::string suspicion(const Outgoing& message) { return message.suspect ? "suspect" : ""; }

/// What the provider's script says.
Limit ownOf(const ProviderTraits& provider) {
  return {static_cast<double>(provider.limits.per_minute) / kSecondsOfAMinute,
          static_cast<std::size_t>(provider.limits.at_once)};
}

}  // namespace

Limits::Limits(const LimitSettings& settings)
    : providers_(settings.provider, settings.shared, "provider_limit"),
      destinations_(settings.destination, settings.shared, "destination_limit"),
      senders_(settings.sender, settings.shared, "sender_limit"),
      suspects_({0, kSuspects}, false, "suspect") {}

std::optional<Limits::Wait> Limits::enter(const Outgoing& message, SteadyTime now) {
  std::lock_guard guard(mutex_);
  const auto wait = enterAll(message, now);
  if (asked_call_ && (providers_.asks() || destinations_.asks() || senders_.asks())) asked_call_();
  return wait;
}

std::optional<Limits::Wait> Limits::enterAll(const Outgoing& message, SteadyTime now) {
  const std::string& provider = message.provider.name;
  if (const auto wait = providers_.enter(provider, ownOf(message.provider), now)) return wait;
  if (const auto wait = destinations_.enter(message.destination, {}, now)) {
    providers_.undo(provider);
    return wait;
  }
  if (const auto wait = senders_.enter(message.event.content.from, {}, now)) {
    destinations_.undo(message.destination);
    providers_.undo(provider);
    return wait;
  }
  if (const auto wait = suspects_.enter(suspicion(message), {}, now)) {
    senders_.undo(message.event.content.from);
    destinations_.undo(message.destination);
    providers_.undo(provider);
    return wait;
  }
  return std::nullopt;
}

void Limits::leave(const Outgoing& message, SteadyTime entered, SteadyTime now) {
  std::lock_guard guard(mutex_);
  providers_.leave(message.provider.name, entered, now);
  destinations_.leave(message.destination, entered, now);
  senders_.leave(message.event.content.from, entered, now);
  suspects_.leave(suspicion(message), entered, now);
}

void Limits::undo(const Outgoing& message) {
  std::lock_guard guard(mutex_);
  suspects_.undo(suspicion(message));
  senders_.undo(message.event.content.from);
  destinations_.undo(message.destination);
  providers_.undo(message.provider.name);
}

void Limits::change(const LimitSettings& settings, SteadyTime now) {
  std::lock_guard guard(mutex_);
  providers_.change(settings.provider, settings.shared, now);
  destinations_.change(settings.destination, settings.shared, now);
  senders_.change(settings.sender, settings.shared, now);
}

void Limits::onDemand(std::function<void()> asked) {
  std::lock_guard guard(mutex_);
  asked_call_ = std::move(asked);
}

std::vector<Limits::Ask> Limits::demand() {
  std::lock_guard guard(mutex_);
  std::vector<Ask> asks;
  for (const LimitKind kind : {LimitKind::Provider, LimitKind::Destination, LimitKind::Sender})
    for (auto& [name, rate] : placesOf(kind).demand())
      asks.push_back({kind, std::move(name), LeasedTokens::block(rate), rate});
  return asks;
}

void Limits::grant(const Ask& ask, double tokens, SteadyTime now) {
  std::lock_guard guard(mutex_);
  placesOf(ask.kind).grant(ask.name, tokens, now);
}

std::size_t Limits::names() const {
  std::lock_guard guard(mutex_);
  return providers_.size() + destinations_.size() + senders_.size();
}

Places& Limits::placesOf(LimitKind kind) {
  if (kind == LimitKind::Provider) return providers_;
  return kind == LimitKind::Destination ? destinations_ : senders_;
}

}  // namespace penstock
