#pragma once

#include "penstock/identity.h"
#include "penstock/page.h"
#include "penstock/time.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// A message that a provider has taken.
struct SentNote {
  Uuid message_id;                    ///< ours
  std::string provider_message_id{};  ///< the provider's; up to 512 bytes, may be empty
  WallTime sent_at{};                 ///< when the attempt ended, as the store keeps it: start plus latency
};

/// penstock.cache/1: a memory of sent messages beside the store, given by a cache plugin, if there is one. The store
/// stays the truth: a cache may miss any note, forgets each after a while, and knows notes of other processes on it.
class Cache {
public:
  static constexpr std::string_view kInterface = "penstock.cache/1";
  virtual ~Cache() = default;

  /// Remembers a send, or not: a note that cannot be kept is dropped and counted. Call once the provider has answered
  /// that it took the message, never before; the record in the store may come later. The same message again replaces
  /// what was noted. [any thread] [does not block]
  virtual void note(SentNote note) noexcept = 0;

  /// A page of the notes, newest first, the greater id first among equals; it may be short anywhere. Nothing means "do
  /// not know": no connection, too slow, too much asked at once, anything unexpected.
  /// [any thread] [blocks: as long as the plugin's read_timeout at most]
  virtual std::optional<std::vector<SentNote>> newest(Page page) noexcept = 0;
};

}  // namespace penstock
