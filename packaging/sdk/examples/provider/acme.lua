-- scripts/providers/acme.lua
return {
  settings = {
    token = "secret",  -- a type alone: it must be given
    url = { type = "text", default = "https://api.acme.example/v1/messages", text = "Where messages are posted." },
  },
  takes_key = true,  -- acme recognises a repeated request, so a send that nobody answered is repeated

  request = function(message, settings)
    return {
      url = settings.url,
      headers = { ["Authorization"] = "Bearer " .. settings.token, ["Content-Type"] = "application/json",
                  ["Idempotency-Key"] = message.key },
      body = json.encode { from = message.from, to = message.to, text = message.body },
    }
  end,

  outcome = function(response)
    local refusal = refused(response)  -- not 2xx: 429 and 5xx may be tried again, the rest is final
    if refusal then return refusal end
    local answer = json.decode(response.body)
    if type(answer) ~= "table" or type(answer.id) ~= "string" then return { unknown = "an answer without id" } end
    return { sent = answer.id }
  end,
}
