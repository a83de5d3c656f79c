-- conversation.lua: says which thread a message belongs to.
--
-- In:  draft, as in idempotency.lua; settings, as in validate.lua
-- Out: a text of at most 1,024 bytes; messages of one customer with equal texts are one conversation.
-- When this script fails the client gets 503 and nothing is enqueued.
--
-- Shipped: one conversation for two participants on a channel, whoever writes: sms:+15550001<->+15550002.

return function(draft)
  return draft.channel .. ":" .. draft.participants[1] .. "<->" .. draft.participants[2]
end
