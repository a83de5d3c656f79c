// node work.mjs PEER URL: keeps each message by one INSERT, until SIGTERM.
import pg from "pg";
import { open } from "./queues.mjs";

const [peer, url] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url, max: 20 });
await pool.query(`CREATE TABLE IF NOT EXISTS kept (id uuid PRIMARY KEY, "timestamp" timestamptz NOT NULL, message jsonb NOT NULL)`);
const statement = { name: "keep", text: `INSERT INTO kept (id, "timestamp", message) VALUES ($1, $2, $3)` };
const queue = await open(peer, url);
const stop = await queue.consume((message) =>
  pool.query({ ...statement, values: [message.id, message.timestamp, message] }),
);
console.log("ready");
process.once("SIGTERM", async () => {
  await stop();
  await queue.close();
  await pool.end();
});
