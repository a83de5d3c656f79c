-- A process that takes messages and answers reads, beside worker.lua on the same or other hosts; they share a PostgreSQL
-- database: DATABASE_URL=postgres://… penstockd --config config/api.lua
local config = include "penstock.lua"

config.plugins = { "http-ingest", "pg-queue", "pg-store", "metrics" }
if env.REDIS_URL then table.insert(config.plugins, "redis-cache") end

return config
