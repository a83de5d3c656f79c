-- webhook.lua: hands messages to an HTTP endpoint of your own or of a provider without a script.
--
-- Sends:    POST url, JSON {to, content}
-- Answered: 2xx with {"messageId": "…"} is sent; 429 and 5xx are tried again, after Retry-After; other refusals are
--           final; a success that cannot be read is unknown.

-- Standard Webhooks 1.0.0: https://github.com/standard-webhooks/standard-webhooks
local function sign(headers, message, body, secret)
  local key = base64.decode((secret:gsub("^whsec_", "")))
  if not key then error("signing_secret must be whsec_ and base64") end
  local timestamp = tostring(math.floor(time.now()))
  headers["webhook-id"] = message.key
  headers["webhook-timestamp"] = timestamp
  local signed = message.key .. "." .. timestamp .. "." .. body
  headers["webhook-signature"] = "v1," .. base64.encode(hmac("sha256", key, signed))
end

local function limit(most, text) return { type = "integer", default = 0, bounds = "0.." .. most, text = text } end

return {
  settings = {
    url = { type = "text", required = true, text = "Where messages are posted." },
    auth_header = { type = "text", default = "x-ins-auth-key", text = "Header that carries auth_key." },
    auth_key = { type = "secret", text = "What the endpoint knows us by; none: no such header." },
    signing_secret = { type = "secret", text = "whsec_…: requests are signed as Standard Webhooks 1.0 says." },
    idempotent = {
      type = "boolean", default = false,
      text = "The endpoint takes Idempotency-Key, so a send that nobody answered may be repeated.",
    },
    success = { type = "list", default = { 200, 201, 202 }, text = "Statuses that mean sent." },
    members = {
      type = "list", default = { "to", "content" },
      text = "In the JSON: to, content, from, id, key, channel, type, subject, attachments, metadata, timestamp.",
    },
    per_minute = limit("100000000", "Messages a minute; 0: worker.limit.provider.per_minute holds."),
    at_once = limit("100000", "Messages on their way at once; 0: worker.limit.provider.at_once holds."),
  },

  takes_key = function(settings) return settings.idempotent end,

  limits = function(settings) return { per_minute = settings.per_minute, at_once = settings.at_once } end,

  request = function(message, settings)
    local payload = {}
    for _, name in ipairs(settings.members) do
      if name == "content" then
        payload[name] = message.body
      elseif name == "timestamp" then
        payload[name] = time.format(message.timestamp)
      else
        payload[name] = message[name]
      end
    end
    local body = json.encode(payload)
    local headers = { ["Content-Type"] = "application/json" }
    if settings.auth_key then headers[settings.auth_header or "x-ins-auth-key"] = settings.auth_key end
    if settings.idempotent then headers["Idempotency-Key"] = '"' .. message.key .. '"' end
    if settings.signing_secret then sign(headers, message, body, settings.signing_secret) end
    return { url = settings.url, headers = headers, body = body }
  end,

  outcome = function(response, settings)
    local refusal = refused(response)
    if refusal then return refusal end
    local known = false
    for _, status in ipairs(settings.success) do known = known or status == tostring(response.status) end
    if not known then return { unknown = "HTTP " .. response.status .. " is not among success" } end
    local answer = not response.truncated and #response.body <= 65536 and json.decode(response.body)
    local id = type(answer) == "table" and answer.messageId
    if math.type(id) == "integer" then id = tostring(id) end
    if type(id) ~= "string" or id == "" or #id > 255 then return { unknown = "an answer without messageId" } end
    return { sent = id }
  end,
}
