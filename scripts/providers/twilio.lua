-- twilio.lua: SMS and MMS over Twilio's Messages API, status callbacks and inbound messages.
--
-- Let Twilio post both to public_url; each post is checked by its X-Twilio-Signature
-- (https://www.twilio.com/docs/usage/security), and the status callback is asked for with each message.

-- What a reported status says; those before "sent" say nothing new.
local statuses = {
  sent = "sent", delivered = "delivered", read = "read", undelivered = "failed", failed = "failed", canceled = "failed",
}

-- Where Twilio posts what became of a message. The URL, which Twilio signs, holds our id: a report finds its message
-- also when the answer with Twilio's id was lost.
local function callback(public_url, id)
  if not public_url then return nil end
  return public_url .. (public_url:find("?", 1, true) and "&" or "?") .. "penstock_id=" .. url_encode(id)
end

-- The URL, and the same with or without the port that its scheme implies: Twilio signs either.
local function spellings(url)
  local scheme, host, rest = url:match("^(https?)://([^/?]+)(.*)$")
  if not scheme then return { url } end
  local port = scheme == "https" and ":443" or ":80"
  local bare = host:match("^(.*):%d+$")
  return { url, scheme .. "://" .. (bare or host .. port) .. rest }
end

-- Names and values in the order of the names, each pair once.
local function signed_fields(body)
  local _, fields = form.decode(body)
  local values, names = {}, {}
  for _, field in ipairs(fields) do
    if not values[field.name] then
      values[field.name] = {}
      table.insert(names, field.name)
    end
    values[field.name][field.value] = true
  end
  table.sort(names)
  local parts = {}
  for _, name in ipairs(names) do
    local sorted = {}
    for value in pairs(values[name]) do table.insert(sorted, value) end
    table.sort(sorted)
    for _, value in ipairs(sorted) do table.insert(parts, name .. value) end
  end
  return table.concat(parts)
end

local function limit(most, text) return { type = "integer", default = 0, bounds = "0.." .. most, text = text } end

return {
  settings = {
    account_sid = { type = "text", required = true, text = "The account, AC…." },
    auth_token = { type = "secret", required = true, text = "Its auth token; also what posts to us are signed with." },
    messaging_service_sid = { type = "text", text = "A messaging service, MG…, that chooses the sender." },
    public_url = { type = "text", text = "Where Twilio posts to: https://…/api/webhooks/twilio; none: no reports." },
    api = { type = "text", default = "https://api.twilio.com", text = "Twilio's API." },
    per_minute = limit("100000000", "Messages a minute; 0: worker.limit.provider.per_minute holds."),
    at_once = limit("100000", "Messages on their way at once; 0: worker.limit.provider.at_once holds."),
  },

  limits = function(settings) return { per_minute = settings.per_minute, at_once = settings.at_once } end,

  request = function(message, settings)
    if message.channel ~= "sms" then return nil, { not_sent = "Twilio sends no e-mail" } end
    if #message.attachments > 10 then return nil, { not_sent = "Twilio takes ten attachments at most" } end
    local fields = { To = message.to, Body = message.body, MediaUrl = message.attachments }
    if settings.messaging_service_sid then
      fields.MessagingServiceSid = settings.messaging_service_sid
    else
      fields.From = message.from
    end
    fields.StatusCallback = callback(settings.public_url, message.id)
    return {
      url = settings.api .. "/2010-04-01/Accounts/" .. url_encode(settings.account_sid) .. "/Messages.json",
      headers = {
        ["Authorization"] = "Basic " .. base64.encode(settings.account_sid .. ":" .. settings.auth_token),
        ["Content-Type"] = "application/x-www-form-urlencoded",
      },
      body = form.encode(fields),
    }
  end,

  outcome = function(response)
    local answer = not response.truncated and #response.body <= 65536 and json.decode(response.body)
    if type(answer) ~= "table" then answer = {} end
    local refusal = refused(response)
    if refusal then
      -- The code says what Twilio minds; its sentence may hold the address.
      if math.type(answer.code) == "integer" then refusal.not_sent = refusal.not_sent .. ", error " .. answer.code end
      return refusal
    end
    if type(answer.sid) ~= "string" or not answer.sid:find("^%w+$") or #answer.sid > 64 then
      return { unknown = "an answer without sid" }
    end
    return { sent = answer.sid }
  end,

  verify = function(request, settings)
    local signature = request.headers["x-twilio-signature"]
    if not signature or not settings.public_url then return false end
    local url, fields = settings.public_url:match("^[^?]*"), ""
    if request.query ~= "" then url = url .. "?" .. request.query end
    local sha = form.decode(request.query).bodySHA256
    if sha then
      if not equal(sha:lower(), sha256(request.body)) then return false end
    else
      fields = signed_fields(request.body)
    end
    local valid = false
    for _, spelling in ipairs(spellings(url)) do
      local expected = base64.encode(hmac("sha1", settings.auth_token, spelling .. fields))
      valid = equal(signature, expected) or valid
    end
    return valid
  end,

  inbound = function(request)
    local fields = form.decode(request.body)
    local empty = { status = 200, type = "text/xml", body = "<Response/>" }
    local status = fields.MessageStatus or fields.SmsStatus
    local id = fields.MessageSid or fields.SmsSid
    if not id then return { answer = empty } end
    if status and status ~= "received" and status ~= "receiving" then
      local word = statuses[status]
      if not word then return { answer = empty } end
      local report = {
        provider_message_id = id, message_id = form.decode(request.query).penstock_id, status = word,
        error = fields.ErrorCode ~= "" and fields.ErrorCode or nil,
      }
      return { reports = { report }, answer = empty }
    end
    local attachments = {}
    for i = 0, math.min(tonumber(fields.NumMedia) or 0, 10) - 1 do
      table.insert(attachments, fields["MediaUrl" .. math.tointeger(i)])
    end
    local message = {
      channel = "sms", provider_message_id = id, from = fields.From, to = fields.To, body = fields.Body,
      type = attachments[1] and "mms" or "sms", attachments = attachments[1] and attachments or nil,
    }
    -- A picture without a word is a message too.
    if message.body == "" and attachments[1] then message.body = " " end
    return { messages = { message }, answer = empty }
  end,
}
