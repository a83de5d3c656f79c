-- wrk script: every request is a new SMS of about 200 bytes, spread over 10,000 pairs of numbers. Requests are put
-- together from prepared parts, so that the load generator takes as little of the machine as possible.
local thread_number = 0
function setup(thread)
  thread:set("number", thread_number)
  thread_number = thread_number + 1
end

local heads = {}
local tail = ': the parcel leaves the depot at noon.","timestamp":"2026-03-01T12:00:00Z","metadata":{"campaign":"spring"}}'
local counter = 1000000000

function init(args)
  math.randomseed(os.time() + number * 7919)
  local salt = string.format("%08x%02x", math.random(0, 0x7fffffff), number)
  for pair = 0, 9999 do
    local body = string.format('{"from":"+1555%07d","to":"+1666%07d","type":"sms","body":"Message %s-', pair, pair, salt)
    heads[pair] = string.format(
      "POST /api/messages/sms HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
      #body + 10 + #tail, body)
  end
end

function request()
  counter = counter + 1
  return heads[counter % 10000] .. counter .. tail
end

function done(summary, latency)
  io.write(string.format("JSON {\"requests\":%d,\"duration_us\":%d,\"errors\":%d,\"p50_us\":%d,\"p99_us\":%d}\n",
    summary.requests, summary.duration,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout + summary.errors.status,
    latency:percentile(50), latency:percentile(99)))
end
