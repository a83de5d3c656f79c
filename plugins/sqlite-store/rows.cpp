#include "sqlite-store/rows.h"

#include "penstock/event.h"
#include "shared/store/columns.h"

namespace penstock::sqlite_store {

AttemptEnd endOf(std::string_view column) { return parseAttemptEnd(column).value_or(AttemptEnd::Open); }

MessageStatus statusOf(std::string_view column) { return parseMessageStatus(column).value_or(MessageStatus::Accepted); }

MessageView messageView(const sqlite::Rows& rows, int first) {
  MessageView view;
  int at = first;
  view.id = identity<Uuid>(rows.bytes(at++));
  view.conversation_id = rows.integer(at++);
  view.kind = rows.text(at++) == "inbound" ? Kind::InboundMessage : Kind::OutboundMessage;
  view.content.channel = parseChannel(rows.text(at++)).value_or(Channel::Sms);
  view.content.type = parseMessageType(rows.text(at++)).value_or(MessageType::Sms);
  view.content.from = rows.text(at++);
  view.content.to = rows.text(at++);
  view.content.timestamp = wallTime(rows.integer(at++));
  view.snippet = rows.text(at++);
  view.status = statusOf(rows.text(at++));
  view.provider = rows.text(at++);
  view.provider_message_id = rows.text(at++);
  view.content.subject = rows.text(at++);
  view.content.attachments = store::list(rows.text(at++));
  view.content.metadata = rows.text(at++);
  view.content.body = rows.text(at++);
  if (view.kind == Kind::InboundMessage) {
    view.content.provider = view.provider;
    view.content.provider_message_id = view.provider_message_id;
  }
  return view;
}

StoredMessage storedMessage(const sqlite::Rows& rows) {
  return {rows.integer(0), identity<Uuid>(rows.bytes(1)), rows.integer(2), statusOf(rows.text(3))};
}

}  // namespace penstock::sqlite_store
