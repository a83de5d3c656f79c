-- conf.d/60-example-queue.lua
return {
  plugins = { "http-ingest", "example-queue", "sqlite-store", "worker", "http-transport", "metrics" },
  ["example-queue"] = { max_events = 1000 },
}
