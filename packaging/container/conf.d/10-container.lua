-- In a container: reached from outside it. The port is that of PORT, which penstock-healthcheck asks, so it is not set here.
return { http = { public = { address = "0.0.0.0" } } }
