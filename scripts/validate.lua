-- validate.lua: says what is wrong with a message before anything else is done with it.
--
-- In:  draft, the request as the client sent it. Members that are absent or null are nil; others have whatever type the
--      client gave them, so look at the type first.
--        kind        "outbound_message" or "inbound_message"
--        channel     "sms" (SMS and MMS) or "email"
--        route       the call it came through, such as "messages/sms"
--        from, to, body, type, subject (e-mail only), timestamp
--        attachments a list; json.null stands where the client wrote null
--        sent_at     the member sentAt, another name of timestamp
--        customer    the member customerId
--        idempotency_key  the member idempotencyKey
--        client_key  the header Idempotency-Key, already checked (outbound only)
--        metadata    a table; members that mean nothing to Penstock are found here too
--        provider, provider_message_id, provider_id_member  (inbound only) who reports it, the provider's own id, and
--                    the name of the request's member that holds the id
--      settings: max_attachments, max_characters_sms, max_characters_email (0 for no limit)
-- Out: nil when the message is good, or a list of { field = <name of the request's member>, message = <text> } with
--      everything that is wrong; the client gets all of it with 400.
-- When this script fails the client gets 503 and nothing is enqueued.
--
-- Texts are any Unicode except U+0000; the host has checked that. A body of blanks is a body: it is free text.

local LONGEST_CUSTOMER = 64
local LONGEST_KEY = 255
local LONGEST_PROVIDER_ID = 255

local find, lower, len = string.find, string.lower, utf8.len

-- What is wrong with a text that must be there, or nil.
local function missing(value)
  if value == nil then return "is required" end
  if type(value) ~= "string" then return "must be a string" end
  if value == "" then return "must not be empty" end
end

local function wrong_phone(value)
  if not normalize_phone(value) then
    return "must be a phone number (an optional + and 7 to 15 digits) or a short code (3 to 8 digits)"
  end
end

local function wrong_sender(value)
  if not normalize_phone(value) and not is_sender_name(value) then
    return "must be a phone number (an optional + and 7 to 15 digits), a short code (3 to 8 digits) "
      .. "or a sender name (1 to 11 letters and digits, at least one letter)"
  end
end

local function wrong_email(value)
  if not normalize_email(value) then return "must be an e-mail address" end
end

local function wrong_length(value, most)
  if type(value) ~= "string" then return "must be a string" end
  if value == "" or len(value) > most then return "must have 1 to " .. most .. " characters" end
end

-- What is wrong with the attachments, and how many there are.
local function wrong_attachments(list, most)
  if list == nil then return nil, 0 end
  if not json.is_list(list) then return "must be a list of URLs", 0 end
  if #list > most then return "must be at most " .. most, #list end
  for number, url in ipairs(list) do
    if type(url) ~= "string" or not is_http_url(url) then
      return "number " .. number .. " must be an absolute http or https URL", #list
    end
  end
  return nil, #list
end

local function wrong_time(value)
  if type(value) ~= "string" or not time.parse(value) then
    return "must be an RFC 3339 time with zone, such as 2026-03-01T12:00:00Z"
  end
end

local function wrong_key(value)
  if type(value) ~= "string" or #value > LONGEST_KEY or not find(value, "^[\x21-\x7e]+$") then
    return "must have 1 to " .. LONGEST_KEY .. " visible ASCII characters"
  end
end

return function(draft, settings)
  local faults
  local function check(field, message)
    if not message then return end
    faults = faults or {}
    faults[#faults + 1] = { field = field, message = message }
  end

  local from, to, body, kind = draft.from, draft.to, draft.body, draft.type
  local on_phone = draft.channel == "sms"

  check("from", missing(from) or (on_phone and wrong_sender or wrong_email)(from))
  check("to", missing(to) or (on_phone and wrong_phone or wrong_email)(to))
  check("body", missing(body))

  local most = on_phone and settings.max_characters_sms or settings.max_characters_email
  if most > 0 and type(body) == "string" and len(body) > most then
    check("body", "must have at most " .. most .. " characters")
  end

  local wrong, count = wrong_attachments(draft.attachments, settings.max_attachments)
  check("attachments", wrong)

  if kind ~= nil then
    local named = type(kind) == "string" and lower(kind)
    if on_phone then
      if named ~= "sms" and named ~= "mms" then check("type", 'must be "sms" or "mms"') end
      if named == "mms" and count == 0 and not wrong then
        check("attachments", "an mms needs at least one attachment")
      end
    elseif named ~= "email" then
      check("type", 'must be "email" or absent')
    end
  end

  if draft.subject ~= nil and type(draft.subject) ~= "string" then check("subject", "must be a string") end

  if draft.timestamp ~= nil then check("timestamp", wrong_time(draft.timestamp)) end
  if draft.sent_at ~= nil then
    local unreadable = wrong_time(draft.sent_at)
    check("sentAt", unreadable)
    if not unreadable and draft.timestamp ~= nil and time.parse(draft.timestamp) ~= time.parse(draft.sent_at) then
      check("sentAt", "must not differ from timestamp")
    end
  end

  if draft.customer ~= nil then check("customerId", wrong_length(draft.customer, LONGEST_CUSTOMER)) end

  local key = draft.idempotency_key
  if key ~= nil then
    local unusable = wrong_key(key)
    check("idempotencyKey", unusable)
    if not unusable and draft.client_key and draft.client_key ~= key then
      check("idempotencyKey", "must not differ from the header Idempotency-Key")
    end
  end

  local metadata = draft.metadata
  if metadata ~= nil and (type(metadata) ~= "table" or json.is_list(metadata)) then
    check("metadata", "must be an object")
  end

  if draft.kind == "inbound_message" then
    local id = draft.provider_message_id
    check(draft.provider_id_member, missing(id) or wrong_length(id, LONGEST_PROVIDER_ID))
  end

  return faults
end
