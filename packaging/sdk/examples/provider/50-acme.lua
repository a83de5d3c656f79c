-- conf.d/50-acme.lua
return { routes = { sms = "acme" }, providers = { acme = { token = { file = "/etc/penstock/acme.token" } } } }
