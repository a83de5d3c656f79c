#include "worker/leased_tokens.h"

#include <algorithm>
#include <cmath>

namespace penstock {

namespace {

constexpr Duration kSoon = std::chrono::milliseconds(50);   // an answer of the store, with room to spare
constexpr Duration kRest = std::chrono::milliseconds(200);  // between two questions, when there is not enough
constexpr Duration kIdle = std::chrono::seconds(10);
constexpr double kRounding = 1e-6;  // of a token

}  // namespace

double LeasedTokens::block(double rate) { return std::max(std::floor(rate / 4), 1.0); }

std::optional<Duration> LeasedTokens::take(double rate, SteadyTime now) {
  if (rate <= 0) return std::nullopt;
  used_ = now;
  const double most = block(rate);
  if (tokens_ + kRounding >= 1) {
    tokens_ = std::max(tokens_ - 1, 0.0);
    if (most > 1 && tokens_ < most / 2) want(now);
    return std::nullopt;
  }
  want(now);
  if (asking_ != Asking::No && told_soon_ < most) {
    told_soon_ += 1;
    return kSoon;
  }
  const Turns::Seconds one(1 / rate);
  const Turns::Seconds first = asking_ == Asking::No ? Turns::Seconds(reopens_ - now) : Turns::Seconds(kSoon) + one;
  return turns_.next(first, one, now);
}

void LeasedTokens::want(SteadyTime now) {
  if (asking_ == Asking::No && now >= reopens_) asking_ = Asking::Wanted;
}

bool LeasedTokens::asks() {
  if (asking_ != Asking::Wanted) return false;
  asking_ = Asking::Asked;
  return true;
}

void LeasedTokens::grant(double tokens, double rate, SteadyTime now) {
  const double most = block(rate);
  const double granted = std::isfinite(tokens) ? std::clamp(tokens, 0.0, most) : 0;
  tokens_ += granted;
  asking_ = Asking::No;
  told_soon_ = 0;
  reopens_ = now;
  if (rate <= 0 || granted + kRounding >= most) return;
  // The shared bucket is empty now.
  const Turns::Seconds until_one(std::max(1 - tokens_, 0.0) / rate);
  reopens_ += std::max<SteadyTime::duration>(kRest, Turns::bounded(until_one));
}

void LeasedTokens::changed(double rate) {
  tokens_ = std::min(tokens_, block(rate));
  reopens_ = {};
  turns_.forget();
}

bool LeasedTokens::idle(SteadyTime now) const {
  return asking_ == Asking::No && now >= reopens_ && now >= used_ + kIdle && turns_.over(now);
}

}  // namespace penstock
