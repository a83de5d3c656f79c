#pragma once

#include "penstock/store.h"
#include "pg-store/tally.h"
#include "shared/postgres/parameters.h"
#include "shared/postgres/session.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>

namespace penstock::pg_store {

/// A span of events as columns, so that one statement keeps all of them. What repeats within the span is found here:
/// the statement sees each message once. Borrows the events.
class Batch {
public:
  Batch(std::span<const Event> events, WallTime now);

  /// One round trip, one transaction. May run again when it has thrown. [throws: Fault]
  std::vector<Persisted> persist(postgres::Session& session);

  /// Of the last run.
  const ReportTally& reports() const { return tally_; }

private:
  using Key = std::tuple<std::string_view, Digest128>;
  using Keyed = std::tuple<std::string_view, Digest128, Digest128>;
  using Inbound = std::tuple<std::string_view, Channel, std::string_view, std::string_view>;
  template <typename Value>
  using Column = postgres::Array<Value>;

  void addMessage(const Event& event);
  void addReport(const Event& event);
  void addColumns(const Event& event);
  std::optional<std::size_t> earlier(const Event& event) const;
  postgres::Parameters parameters();
  void readMessage(const postgres::Rows& rows, std::size_t number, std::vector<Persisted>& found) const;
  Persisted readReport(const postgres::Rows& rows, const Event& event);

  struct Place {
    bool report = false;
    bool repeated = false;   ///< of an earlier event of the span
    bool key_known = false;  ///< of an earlier event of the span with other content
    std::size_t number = 0;  ///< among the messages, or among the reports
  };

  std::span<const Event> events_;
  WallTime now_;
  std::vector<Place> places_;
  std::map<Key, std::size_t> keys_;
  std::map<Keyed, std::size_t> contents_;
  std::map<Inbound, std::size_t> inbound_;
  std::map<Uuid, std::size_t> ids_;
  ReportTally tally_;

  Column<Uuid> id_;
  Column<std::string_view> customer_;
  Column<Digest128> key_;
  Column<Digest128> fingerprint_;
  Column<Digest128> policy_;
  Column<Digest128> identity_;
  Column<std::string_view> channel_;
  Column<std::string_view> conversation_;
  Column<std::string_view> participant_a_;
  Column<std::string_view> participant_b_;
  Column<std::string_view> direction_;
  Column<std::string_view> type_;
  Column<std::string_view> sender_;
  Column<std::string_view> recipient_;
  Column<WallTime> timestamp_;
  Column<std::string_view> snippet_;
  Column<std::string_view> provider_;
  Column<std::string_view> provider_message_;
  Column<std::string_view> request_;
  Column<WallTime> accepted_;
  Column<std::string_view> subject_;
  Column<std::string_view> attachments_;
  Column<std::string_view> metadata_;
  Column<std::span<const std::uint8_t>> body_;
  Column<Uuid> alias_;
  Column<std::int64_t> alias_of_;
  Column<std::string_view> report_provider_;
  Column<std::string_view> report_message_;
  Column<std::string_view> report_status_;
  Column<Uuid> report_own_;  ///< zeros, which are no message's, for a report that does not name it
};

}  // namespace penstock::pg_store
