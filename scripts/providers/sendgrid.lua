-- sendgrid.lua: e-mail over SendGrid's v3 API, its event webhook and inbound parse.
--
-- Let the event webhook post to /api/webhooks/sendgrid with its signature switched on (webhook_key is the verification
-- key), and inbound parse to the same with name and password: https://penstock:password@host/api/webhooks/sendgrid.

-- What an event says; those left out say nothing new.
local statuses = {
  delivered = "delivered", open = "read", click = "read", bounce = "failed", dropped = "failed",
}

local function is_html(text) return text:find("<%a[^<>]*>") ~= nil end

local function parse_mail(request)
  local fields = {}
  for _, part in ipairs(multipart(request.headers["content-type"] or "", request.body) or {}) do
    if not part.filename and not fields[part.name] then fields[part.name] = part.body end
  end
  local envelope = fields.envelope and #fields.envelope <= 65536 and json.decode(fields.envelope)
  if type(envelope) ~= "table" then envelope = {} end
  local to = type(envelope.to) == "table" and envelope.to[1] or fields.to
  local id = ("\n" .. (fields.headers or "")):match("\n[Mm][Ee][Ss][Ss][Aa][Gg][Ee]%-[Ii][Dd]:%s*<([^<>%s]+)>")
  return {
    channel = "email", from = fields.from, to = to, subject = fields.subject, body = fields.html or fields.text,
    provider_message_id = id and #id <= 255 and id or sha256(request.body),
  }
end

local function is_mail(request)
  return (request.headers["content-type"] or ""):find("^multipart/form%-data") ~= nil
end

local function limit(most, text) return { type = "integer", default = 0, bounds = "0.." .. most, text = text } end

return {
  settings = {
    api_key = { type = "secret", required = true, text = "A key that may send mail, SG.…." },
    webhook_key = { type = "text", text = "Verification key of the signed event webhook, base64." },
    inbound_password = { type = "secret", text = "Password of inbound parse; its user name is penstock." },
    api = { type = "text", default = "https://api.sendgrid.com", text = "SendGrid's API." },
    per_minute = limit("100000000", "Messages a minute; 0: worker.limit.provider.per_minute holds."),
    at_once = limit("100000", "Messages on their way at once; 0: worker.limit.provider.at_once holds."),
  },

  limits = function(settings) return { per_minute = settings.per_minute, at_once = settings.at_once } end,

  request = function(message, settings)
    if message.channel ~= "email" then return nil, { not_sent = "SendGrid sends e-mail only" } end
    if message.attachments[1] then return nil, { not_sent = "SendGrid takes no URLs as attachments" } end
    local payload = {
      personalizations = { { to = { { email = message.to } }, custom_args = { penstock_id = message.id } } },
      from = { email = message.from },
      subject = message.subject ~= "" and message.subject or "(no subject)",
      content = { { type = is_html(message.body) and "text/html" or "text/plain", value = message.body } },
    }
    return {
      url = settings.api .. "/v3/mail/send",
      headers = { ["Authorization"] = "Bearer " .. settings.api_key, ["Content-Type"] = "application/json" },
      body = json.encode(payload),
    }
  end,

  outcome = function(response)
    local refusal = refused(response)
    if refusal then return refusal end
    local id = response.headers["x-message-id"]
    if not id or not id:find("^[%w_-]+$") or #id > 128 then return { unknown = "an answer without X-Message-Id" } end
    return { sent = id }
  end,

  verify = function(request, settings)
    if is_mail(request) then
      if not settings.inbound_password then return false end
      local expected = "Basic " .. base64.encode("penstock:" .. settings.inbound_password)
      return equal(request.headers["authorization"] or "", expected)
    end
    local timestamp = request.headers["x-twilio-email-event-webhook-timestamp"]
    local signature = base64.decode(request.headers["x-twilio-email-event-webhook-signature"] or "")
    if not timestamp or not signature or not settings.webhook_key then return false end
    return verify_ecdsa(base64.decode(settings.webhook_key) or "", timestamp .. request.body, signature)
  end,

  inbound = function(request)
    if is_mail(request) then return { messages = { parse_mail(request) } } end
    local events = json.decode(request.body)
    if not json.is_list(events) then return { answer = { status = 400 } } end
    local reports = {}
    for _, event in ipairs(events) do
      local status = type(event) == "table" and statuses[event.event]
      -- sg_message_id is the X-Message-Id of the send, a dot and where it went.
      local id = status and type(event.sg_message_id) == "string" and event.sg_message_id:match("^[^.]+")
      if id and #id <= 128 then
        -- Arguments of the send come back beside the event's own members.
        local ours = type(event.penstock_id) == "string" and event.penstock_id or nil
        table.insert(reports, { provider_message_id = id, message_id = ours, status = status })
      end
    end
    return { reports = reports }
  end,
}
