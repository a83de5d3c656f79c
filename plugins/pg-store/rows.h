#pragma once

#include "penstock/reader.h"
#include "penstock/store.h"
#include "shared/postgres/rows.h"

#include <string_view>

namespace penstock::pg_store {

MessageStatus statusOf(std::string_view column);
AttemptEnd endOf(std::string_view column);

/// The 16 columns of a message in the order of the reading statements, from `first` on.
inline constexpr int kMessageColumns = 16;
MessageView messageView(const postgres::Rows& rows, int first);

}  // namespace penstock::pg_store
