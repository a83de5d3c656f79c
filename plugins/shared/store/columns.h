#pragma once

#include "penstock/store.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::store {

/// How values of the SDK lie in columns, whatever the database.
using TokenBytes = std::array<std::uint8_t, 24>;
TokenBytes column(const LeaseToken& token);
LeaseToken leaseToken(std::span<const std::uint8_t> column);

std::string listColumn(const std::vector<std::string>& values);
std::vector<std::string> list(std::string_view column);

std::string waitsColumn(const std::map<std::string, Duration>& waits);
std::map<std::string, Duration> waits(std::string_view column);

/// What is said of an attempt whose worker did not come back.
inline constexpr std::string_view kWorkerLost = "its worker was lost";

/// An error as it is kept: at most 2 KiB, cut at a character.
std::string_view shortened(std::string_view error);

/// A status that a delivery report can have.
std::optional<MessageStatus> reportable(std::string_view word);

MessageStatus initialStatus(Kind kind);

/// Bounds of shared values and buckets. [throws: StoreRejected]
void checkName(std::string_view name);
void checkValue(std::string_view value);

}  // namespace penstock::store
