-- retry.lua: says when a failed attempt is repeated.
--
-- In:  attempt
--        number       the attempt that failed, from 1; 0 when none has: the message waits for a limit or a breaker, and
--                     goes on waiting unless the answer is nil
--        age          seconds since the message was accepted, or replayed from the dead letters; not while sending was
--                     stopped before this attempt
--        outcome      "not_sent", "unknown" or "failed" (before anything was sent)
--        status       the provider's HTTP status, 0 for none
--        retry_after  seconds the provider asks to wait, or nil
--        provider     its name, perhaps empty
--      settings: max_attempts; max_age, backoff_min, backoff_max in seconds
-- Out: seconds to wait (0 to a year), or nil to give the message up.
-- When this script fails, the host does by itself what the shipped text below does.
--
-- Shipped: exponential backoff with full jitter: a random part of backoff_min, doubled with each attempt and capped at
-- backoff_max; after what the provider asked for, capped too.

return function(attempt, settings)
  if attempt.number >= settings.max_attempts or attempt.age >= settings.max_age then return nil end
  local longest = math.min(settings.backoff_max, settings.backoff_min * 2 ^ (attempt.number - 1))
  local wish = math.min(attempt.retry_after or 0, settings.backoff_max)
  return wish + math.random() * longest
end
