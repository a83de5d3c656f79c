-- The accept path of Penstock as an nginx Lua handler: parse, all checks of scripts/validate.lua for an SMS, key and
-- fingerprint by SHA-256, id, counters, headers. There is no queue behind it, which favours nginx.
local bit = require "bit"
local cjson = require "cjson.safe"
local ffi = require "ffi"
ffi.cdef [[
unsigned char *SHA256(const unsigned char *d, size_t n, unsigned char *md);
]]
local crypto = ffi.load "libcrypto.so.3"
local digest = ffi.new "unsigned char[32]"
local counters = ngx.shared.counters
local random = math.random

local byte = string.byte
local hexadecimal = "0123456789abcdef"
local text = ffi.new "char[32]"

local function sha256(content)
  crypto.SHA256(content, #content, digest)
  for i = 0, 15 do
    local value = digest[i]
    text[2 * i] = byte(hexadecimal, bit.rshift(value, 4) + 1)
    text[2 * i + 1] = byte(hexadecimal, bit.band(value, 15) + 1)
  end
  return ffi.string(text, 32)
end

local stripped = ffi.new "char[32]"
local function phone(value)
  if type(value) ~= "string" or #value > 40 then return nil end
  local count, plus = 0, false
  for i = 1, #value do
    local c = byte(value, i)
    if c >= 48 and c <= 57 then
      if count == 31 then return nil end
      stripped[count] = c
      count = count + 1
    elseif c == 43 then
      if count > 0 or plus then return nil end
      plus = true
    elseif not (c == 32 or c == 45 or c == 46 or c == 40 or c == 41) then
      return nil
    end
  end
  if not plus and count >= 3 and count <= 8 then return ffi.string(stripped, count) end
  if count < 7 or count > 15 then return nil end
  return "+" .. ffi.string(stripped, count)
end

local function uuid()
  local milliseconds = ngx.now() * 1000
  return string.format("%08x-%04x-7%03x-%04x-%06x%06x", math.floor(milliseconds / 65536), milliseconds % 65536,
                       random(0, 4095), random(0x8000, 0xbfff), random(0, 0xffffff), random(0, 0xffffff))
end

local function validate(draft)
  local faults = {}
  local function fault(field, message) faults[#faults + 1] = {field = field, message = message} end
  local from, to = phone(draft.from), phone(draft.to)
  if not from then fault("from", "must be a phone number") end
  if not to then fault("to", "must be a phone number") end
  if type(draft.body) ~= "string" or draft.body == "" then fault("body", "must not be empty") end
  if draft.subject ~= nil and type(draft.subject) ~= "string" then fault("subject", "must be text") end
  local kind = draft.type
  if kind == nil then kind = "sms" elseif type(kind) ~= "string" then fault("type", "must be sms or mms") kind = "" end
  kind = kind:lower()
  if kind ~= "sms" and kind ~= "mms" then fault("type", "must be sms or mms") end
  local attachments = draft.attachments
  if attachments ~= nil and attachments ~= ngx.null then
    if type(attachments) ~= "table" then fault("attachments", "must be an array")
    else
      if #attachments > 8 then fault("attachments", "at most 8") end
      for i = 1, #attachments do
        if type(attachments[i]) ~= "string" or not ngx.re.find(attachments[i], [[^https?://[^/]+]], "jo") then
          fault("attachments[" .. i .. "]", "must be a URL")
        end
      end
    end
  end
  if kind == "mms" and (type(attachments) ~= "table" or #attachments == 0) then fault("attachments", "required") end
  if draft.timestamp ~= nil and (type(draft.timestamp) ~= "string" or
      not ngx.re.find(draft.timestamp, [[^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$]], "jo")) then
    fault("timestamp", "must be RFC 3339")
  end
  local customer = draft.customerId
  if customer ~= nil and (type(customer) ~= "string" or #customer < 1 or #customer > 64) then
    fault("customerId", "1 to 64 characters")
  end
  if draft.metadata ~= nil and type(draft.metadata) ~= "table" then fault("metadata", "must be an object") end
  return faults, from, to, kind
end

local M = {}

function M.handle()
  local started = ngx.now()
  if ngx.req.get_method() ~= "POST" then return ngx.exit(405) end
  local content_type = ngx.var.content_type
  if not content_type or not ngx.re.find(content_type, [[^application/json\s*(;|$)]], "ijo") then return ngx.exit(415) end
  ngx.req.read_body()
  local draft = cjson.decode(ngx.req.get_body_data() or "")
  if type(draft) ~= "table" then return ngx.exit(400) end
  local faults, from, to, kind = validate(draft)
  if #faults > 0 then
    ngx.status = 400
    ngx.say(cjson.encode {errors = faults})
    return
  end
  local attachments = type(draft.attachments) == "table" and table.concat(draft.attachments, "\n") or ""
  local content = sha256(draft.body .. "\0" .. attachments)
  local derived = ngx.var.http_idempotency_key or
      "sms|" .. from .. "|" .. to .. "|" .. math.floor(started) .. "|" .. content
  local key = sha256("default|messages/sms|" .. derived)
  local fingerprint = sha256(kind .. "\0" .. from .. "\0" .. to .. "\0" .. (draft.subject or "") .. "\0" .. draft.body .. "\0" .. attachments)
  local a, b = from, to
  if b < a then a, b = b, a end
  local conversation = "sms:" .. a .. "<->" .. b
  counters:incr("accepted", 1, 0)
  counters:incr("requests", 1, 0)
  local headers = ngx.header
  local answer = '{"status":"accepted","id":"' .. uuid() .. '","idempotencyKey":"' .. key .. '"}'
  headers["Content-Length"] = #answer
  ngx.status = 202
  ngx.ctx.event = {conversation = conversation, fingerprint = fingerprint}
  ngx.print(answer)
end

return M
