#include "shared/postgres/parameters.h"

namespace penstock::postgres {

namespace {

constexpr WallTime kEpoch{std::chrono::sys_days{std::chrono::year{2000} / 1 / 1}};
constexpr int kBinary = 1;

}  // namespace

std::uint32_t arrayOf(Type element) noexcept {
  switch (element) {
    case Type::Boolean:
      return 1000;
    case Type::Bytea:
      return 1001;
    case Type::BigInt:
      return 1016;
    case Type::SmallInt:
      return 1005;
    case Type::Integer:
      return 1007;
    case Type::Text:
      return 1009;
    case Type::Real:
      return 1022;
    case Type::Timestamp:
      return 1185;
    case Type::Uuid:
      break;
  }
  return 2951;
}

std::int64_t timestampOf(WallTime time) { return (time - kEpoch).count(); }
WallTime wallTimeOf(std::int64_t timestamp) { return kEpoch + Duration(timestamp); }

Parameters::Raw Parameters::raw() const {
  Raw raw;
  for (const Entry& entry : entries_) {
    raw.types.push_back(entry.type);
    raw.values.push_back(entry.null ? nullptr : buffer_.data() + entry.begin);
    raw.lengths.push_back(static_cast<int>(entry.length));
    raw.formats.push_back(kBinary);
  }
  return raw;
}

}  // namespace penstock::postgres
