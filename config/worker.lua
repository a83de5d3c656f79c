-- A process that works off what api.lua's processes have taken; any number of them share the work. It serves only
-- /metrics: DATABASE_URL=postgres://… PORT=8090 penstockd --config config/worker.lua
local config = include "penstock.lua"

config.plugins = { "pg-queue", "pg-store", "worker", "http-transport", "metrics" }
if env.REDIS_URL then table.insert(config.plugins, "redis-cache") end

return config
