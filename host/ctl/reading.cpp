#include "ctl/reading.h"

#include "ctl/failure.h"
#include "ctl/members.h"

#include <array>

namespace penstock::ctl {
namespace {

namespace json = boost::json;

constexpr std::array kCounters{
    Counter{"accepted", "accepted"}, Counter{"persisted", "persisted"}, Counter{"sent", "sent"},
    Counter{"not_sent", "not sent"}, Counter{"unknown", "unknown"},     Counter{"retried", "retried"},
    Counter{"dead", "dead"},         Counter{"refused", "refused"},     Counter{"duplicates", "duplicates"},
};

const json::value& countersOf(const json::value& status) {
  static const json::value kNothing;
  const json::value* found = member(status, "counters");
  return found == nullptr ? kNothing : *found;
}

}  // namespace

std::span<const Counter> counters() { return kCounters; }

Reading::Reading(json::value status) : status_(std::move(status)), uptime_(0) {
  const auto uptime = numberIn(status_, "uptime_seconds");
  if (!uptime || member(status_, "counters") == nullptr)
    throw Failure(Exit::Unexpected, "the answer is no status; is this the admin listener of a Penstock?");
  uptime_ = *uptime;
}

std::optional<double> Reading::rate(const Reading& earlier, const char* counter) const {
  const auto from = numberIn(countersOf(earlier.status_), counter);
  const auto to = numberIn(countersOf(status_), counter);
  const double seconds = uptime_ - earlier.uptime_;
  if (!from || !to || *to < *from || !(seconds > 0)) return std::nullopt;
  return (*to - *from) / seconds;
}

json::object Reading::rates(const Reading& earlier) const {
  json::object rates;
  for (const Counter& counter : counters()) {
    const auto found = rate(earlier, counter.name);
    rates.emplace(counter.name, found ? json::value(*found) : json::value());
  }
  return rates;
}

}  // namespace penstock::ctl
