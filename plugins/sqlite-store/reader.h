#pragma once

#include "penstock/reader.h"
#include "sqlite-store/database.h"

namespace penstock::sqlite_store {

/// penstock.reader/1 on one database file; each call reads one snapshot.
class SqliteReader final : public Reader {
public:
  explicit SqliteReader(Database& database) : database_(database) {}

  Listing<ConversationView> conversations(const ConversationQuery& query, Page page) override;
  std::optional<Listing<MessageView>> messages(std::int64_t conversation, Page page) override;
  Listing<SentView> sent(Page page) override;
  std::optional<MessageDetail> message(const Uuid& id) override;

private:
  Database& database_;
};

}  // namespace penstock::sqlite_store
