#include "shared/durable/window.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace penstock::durable {

namespace {

constexpr auto kAskAgain = std::chrono::milliseconds(20);

}  // namespace

LeaseToken tokenOf(const Item& item) {
  LeaseToken token;
  token.words[0] = item.lease;
  token.words[1] = item.sequence;
  std::memcpy(&token.words[2], item.id.bytes.data() + 8, sizeof token.words[2]);
  return token;
}

Window::~Window() {
  leases_.clear();
  while (!items_.empty()) {
    Item& item = *items_.begin()->second;
    if (item.place == Place::Ready) lanes_.remove(item);
    drop(item);
  }
}

void Window::admit(std::unique_ptr<Item> item, SteadyTime now) {
  const auto [place, fresh] = items_.try_emplace(item->sequence);
  if (!fresh) return;
  Item& held = *item;
  place->second = std::move(item);
  held.lane = &lanes_.enter(held.conversation);
  bytes_ += held.text->size();
  held.born = now - held.age;
  makeReady(held, now - held.ready_for);
}

void Window::makeReady(Item& item, SteadyTime since) {
  if (item.touched) ++touched_;
  lanes_.makeReady(item, since);
}

dispatch::Taken<Item> Window::take(std::size_t max) {
  auto taken = lanes_.take(max);
  for (Item* item : taken.records) {
    item->place = Place::Nowhere;
    if (item->touched) --touched_;
  }
  return taken;
}

void Window::drop(Item& item) {
  bytes_ -= item.text->size();
  lanes_.leave(*item.lane);
  items_.erase(item.sequence);
}

void Window::revoke(std::uint64_t partitions) {
  std::vector<Item*> gone;
  for (const auto& [sequence, item] : items_)
    if (item->place == Place::Ready && (partitions >> item->partition & 1U) != 0) gone.push_back(item.get());
  for (Item* item : gone) {
    lanes_.remove(*item);
    if (item->touched) --touched_;
    drop(*item);
  }
}

void Window::putBack(Item& item, SteadyTime now) {
  Lane& lane = *item.lane;
  makeReady(item, std::min(now, item.time));
  lanes_.unblock(lane);
}

void Window::lease(Item& item, SteadyTime until) {
  item.place = Place::Leased;
  item.time = until;
  ++leased_;
  leases_.insert(leases_.end(), item);
}

void Window::adopt(std::unique_ptr<Item> item, SteadyTime until) {
  const auto [place, fresh] = items_.try_emplace(item->sequence);
  if (!fresh) return;
  Item& held = *item;
  place->second = std::move(item);
  held.lane = &lanes_.enter(held.conversation);
  held.foreign = true;
  if (!held.text) held.text = std::make_shared<const std::string>();
  lanes_.block(*held.lane);
  held.place = Place::Leased;
  held.time = until;
  leases_.insert(held);
}

void Window::clear(SteadyTime now) {
  revoke(~std::uint64_t{0});
  std::vector<Item*> leased;
  for (const Item& item : leases_) leased.push_back(const_cast<Item*>(&item));
  for (Item* item : leased) endLease(*item, Fate::Gone, now);
}

std::vector<Item*> Window::foreign() const {
  std::vector<Item*> items;
  for (const Item& item : leases_)
    if (item.foreign) items.push_back(const_cast<Item*>(&item));
  return items;
}

std::vector<std::uint64_t> Window::leasedSequences() const {
  std::vector<std::uint64_t> sequences;
  for (const Item& item : leases_) sequences.push_back(item.sequence);
  return sequences;
}

std::uint64_t Window::floor(std::uint64_t read_to) const {
  std::uint64_t lowest = read_to;
  for (const auto& [sequence, item] : items_)
    if (item->place == Place::Ready && !item->touched) lowest = std::min(lowest, sequence - 1);
  return lowest;
}

Item* Window::leased(const LeaseToken& token) const {
  const auto found = items_.find(token.words[1]);
  if (found == items_.end()) return nullptr;
  Item& item = *found->second;
  return item.place == Place::Leased && !item.foreign && tokenOf(item) == token ? &item : nullptr;
}

void Window::endLease(Item& item, Fate fate, SteadyTime now) {
  leases_.erase(leases_.iterator_to(item));
  if (fate == Fate::Leased || fate == Fate::LeaseLost) {
    // The journal's clock differs from this one. Behind it: it is asked again. Ahead: nobody else may have ended the
    // lease, and an event that was dropped here would be handed out by nobody, so it is ended as one that ran out.
    item.time = fate == Fate::Leased ? now + kAskAgain : now;
    leases_.insert(item);
    return;
  }
  if (!item.foreign) --leased_;
  item.place = Place::Nowhere;
  Lane& lane = *item.lane;
  if (fate == Fate::Ready) {
    item.touched = true;
    makeReady(item, std::min(now, item.time));
    lanes_.unblock(lane);
  } else {
    lanes_.unblock(lane);
    drop(item);
  }
}

std::vector<Item*> Window::overdue(SteadyTime now) const {
  std::vector<Item*> items;
  for (const Item& item : leases_) {
    if (item.time > now) break;
    items.push_back(const_cast<Item*>(&item));
  }
  return items;
}

}  // namespace penstock::durable
