-- redact.lua: makes text fit for a log.
--
-- In:  text that may hold phone numbers and e-mail addresses
-- Out: the text without them
-- When this script fails, "[text dropped]" is logged in its place.
--
-- Shipped: e-mail addresses become [email]; runs of 7 and more digits, however they are grouped, become [phone *34] with
-- the last two digits. Dates and long numbers are masked with them, short codes are not: a log may lose a number, but not
-- leak one. Each pattern takes its whole run at once, so the time grows with the length of the text and no faster.

local FEWEST_DIGITS = 7

local function mask_email(run)
  if string.find(run, "@", 1, true) then return "[email]" end
end

local function mask_phone(run)
  local digits = string.gsub(run, "%D", "")
  if #digits < FEWEST_DIGITS then return nil end
  local after = #string.match(string.reverse(run), "^%D*")
  return "[phone *" .. string.sub(digits, -2) .. "]" .. string.sub(run, #run - after + 1)
end

return function(text)
  text = string.gsub(text, "[%w!#$%%&'*+/=?^_`{|}~.@\x80-\xff-]+", mask_email)
  return (string.gsub(text, "[%d+][%d%s().%[%]-]*", mask_phone))
end
