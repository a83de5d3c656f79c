-- route.lua: says which provider sends a message.
--
-- In:  message
--        id, key      the message's id; what a provider may be given to recognise a repeated request
--        channel      "sms" (also for MMS) or "email"
--        type         "sms", "mms" or "email"
--        from, to     as + and digits, short code or sender name; e-mail addresses bare
--        subject, body, attachments (a list, perhaps empty), metadata (a table), customer
--        timestamp    seconds since 1970, with a fraction
--      settings: the section `routes` of the configuration: sms, mms, email; nil where it names nobody
-- Out: the name of a configured provider, or nil when nobody sends such a message: it then becomes a dead letter.
-- When this script fails, or names a provider that is not configured, the message is tried again later.
--
-- Shipped: each type of message has one provider, which the configuration names.

return function(message, settings)
  return settings[message.type]
end
