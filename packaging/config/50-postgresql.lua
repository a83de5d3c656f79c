-- Queue and store in PostgreSQL instead of files of this machine. Nothing changes until you take away the dashes.
--
--   createdb --encoding=UTF8 penstock
--   install -m 640 -g penstock /dev/null /etc/penstock/postgresql.url     # then write the URL into it
--   penstockd --migrate        # as a role that may change the schema; or pg.migrate = true, which is the default
--
-- What lies in the files is not moved: let the queue run empty before, and keep /var/lib/penstock/store.db.
return {
  -- plugins = { "http-ingest", "pg-queue", "pg-store", "worker", "http-transport", "metrics" },
  -- pg = { url = { file = "/etc/penstock/postgresql.url" }, migrate = true },
}
