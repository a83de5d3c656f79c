-- mock.lua: a provider that sends nothing and says it did, or fails as often as it is told to.
--
-- Which messages fail is a hash of seed, addresses, body and attempt: the same seed gives the same outcomes.

local function chance(message, settings)
  local text = settings.seed .. " " .. message.attempt
  for _, part in ipairs { message.from, message.to, message.body } do text = text .. " " .. #part .. ":" .. part end
  return tonumber(sha256(text):sub(1, 8), 16) / 2 ^ 32 * 100
end

local function percentage(text) return { type = "integer", default = 0, bounds = "0..100", text = text } end

return {
  settings = {
    timeout_pct = percentage "Sends in a hundred whose answer never comes.",
    error_pct = percentage "Sends in a hundred that are answered 500.",
    ratelimit_pct = percentage "Sends in a hundred that are answered 429.",
    retry_after = { type = "duration", default = "1s", bounds = "0s..1h", text = "What a 429 asks to wait." },
    seed = { type = "integer", default = 1, text = "Equal seeds give equal outcomes." },
    idempotent = { type = "boolean", default = true, text = "Whether it recognises a repeated send by its key." },
  },

  takes_key = function(settings) return settings.idempotent end,

  request = function(message, settings)
    local drawn = chance(message, settings)
    if drawn < settings.timeout_pct then return nil, { unknown = "the mock's answer never came" } end
    drawn = drawn - settings.timeout_pct
    if drawn < settings.error_pct then return nil, { not_sent = "HTTP 500", status = 500, retryable = true } end
    drawn = drawn - settings.error_pct
    if drawn < settings.ratelimit_pct then
      return nil, { not_sent = "HTTP 429", status = 429, retryable = true, retry_after = settings.retry_after }
    end
    return nil, { sent = "mock-" .. message.key, status = 202 }
  end,

  outcome = function()
    return { unknown = "the mock is never sent anything" }
  end,
}
