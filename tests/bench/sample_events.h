#pragma once

#include "penstock/event.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace penstock::bench {

/// An SMS of about 640 bytes in its serialised form, one of so many conversations.
inline Event sampleEvent(std::uint64_t number, std::uint64_t conversations) {
  Event event;
  event.id = Uuid::make(WallTime(Duration(1'772'366'400'000'000)));
  event.customer = "default";
  event.key = Digest128::of({std::to_string(number)});
  event.fingerprint = event.key;
  event.conversation = "sms:+15550001<->+1666" + std::to_string(1'000'000 + number % conversations);
  event.participant_a = "+15550001";
  event.participant_b = event.conversation.substr(15);
  event.request_id = "4bf92f3577b34da6";
  event.content.from = event.participant_a;
  event.content.to = event.participant_b;
  event.content.body = "Your parcel is on its way and will be there between ten and noon today.";
  event.content.metadata = R"({"campaign":"spring","order":4711})";
  return event;
}

/// Copies of one event, each with a key and one of 10,000 conversations of its own.
class Copies {
public:
  explicit Copies(std::uint64_t first) : next_(first) {
    for (std::uint64_t number = 0; number < 10'000; ++number)
      conversations_.push_back(sampleEvent(number, 10'000).conversation);
  }
  Event next() {
    Event event = original_;
    std::memcpy(event.key.bytes.data() + 8, &next_, sizeof next_);
    event.conversation = conversations_[next_++ % conversations_.size()];
    return event;
  }

private:
  Event original_ = sampleEvent(1, 1);
  std::vector<std::string> conversations_;
  std::uint64_t next_;
};

}  // namespace penstock::bench
