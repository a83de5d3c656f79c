#pragma once

#include "penstock/reader.h"
#include "pg-store/database.h"

namespace penstock::pg_store {

/// penstock.reader/1 on one PostgreSQL database; each call is one statement and so reads one snapshot.
class PgReader final : public Reader {
public:
  explicit PgReader(Database& database) : database_(database) {}

  Listing<ConversationView> conversations(const ConversationQuery& query, Page page) override;
  std::optional<Listing<MessageView>> messages(std::int64_t conversation, Page page) override;
  Listing<SentView> sent(Page page) override;
  std::optional<MessageDetail> message(const Uuid& id) override;

private:
  Database& database_;
};

}  // namespace penstock::pg_store
