-- In a container: reached from outside it.
return { http = { public = { address = "0.0.0.0" } } }
