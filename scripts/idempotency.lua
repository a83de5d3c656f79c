-- idempotency.lua: says when two messages are the same one.
--
-- In:  draft, as in validate.lua, valid and normalised:
--        type          "sms", "mms" or "email"
--        from, to      phone numbers as + and digits, e-mail addresses bare, as written
--        sender, recipient  from and to in the form addresses are compared in (e-mail lower-case, without +tag)
--        participants  sender and recipient, sorted
--        timestamp     seconds since 1970, with a fraction; the time of admission when the client gave none
--        attachments   a list, perhaps empty
--        customer      never nil
--      settings: as in validate.lua
-- Out: a text; messages of one customer and route with equal texts are the same message. Only its hash is kept.
-- Not asked when the client brings a key of its own; always asked for inbound messages, whose keys clients cannot choose.
-- When this script fails the client gets 503 and nothing is enqueued.
--
-- Shipped: inbound messages are the same when channel, provider and the provider's id are. Outbound messages are the same
-- when type, sender, recipient, second of the timestamp and content (subject, body, attachments) are.

-- Each text with its length before it, so that no two lists of texts look alike.
local function packed(texts)
  local result = ""
  for _, text in ipairs(texts) do result = result .. #text .. ":" .. text end
  return result
end

return function(draft)
  if draft.kind == "inbound_message" then
    return packed { draft.channel, draft.provider, draft.provider_message_id }
  end
  local subject, body = draft.subject or "", draft.body or ""
  return draft.type .. " " .. draft.sender .. " " .. draft.recipient .. " " .. math.floor(draft.timestamp) .. " "
    .. #subject .. ":" .. subject .. #body .. ":" .. body .. packed(draft.attachments)
end
