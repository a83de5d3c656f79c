-- For development: penstockd --config config/dev.lua. Everything as in production, but it says more and for people.
local config = include "penstock.lua"

config.logging.level = env.LOG_LEVEL and config.logging.level or "debug"
config.logging.format = "text"

return config
