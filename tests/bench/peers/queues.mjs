// The peers behind one face, each in the fastest way that its documentation names.
//   add(message)       one message, committed when the promise is kept
//   addMany(messages)  a batch
//   consume(handler)   calls the handler for each message; returns what stops it, everything settled
//   close()
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";
import PgBoss from "pg-boss";

const NAME = "message";
const complain = (failure) => console.error(failure.message);
const CONNECTIONS = 20;
const BATCH = 500;

async function graphile(url) {
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS + 6 });
  pool.on("error", complain);
  pool.on("connect", (client) => client.on("error", complain));
  const logger = new Logger(() => (level, text) => level === "error" && console.error(text));
  const utils = await makeWorkerUtils({ pgPool: pool, logger });
  await utils.migrate();
  return {
    add: (message) => utils.addJob(NAME, message),
    addMany: (messages) => utils.addJobs(messages.map((payload) => ({ identifier: NAME, payload }))),
    async consume(handler) {
      const runner = await run({
        pgPool: pool,
        logger,
        noHandleSignals: true,
        taskList: { [NAME]: handler },
        preset: {
          worker: { concurrentJobs: 24, localQueue: { size: BATCH }, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
        },
      });
      return () => runner.stop();
    },
    async close() {
      await utils.release();
      await pool.end();
    },
  };
}

async function boss(url) {
  const queue = new PgBoss({ connectionString: url, max: CONNECTIONS });
  queue.on("error", complain);
  await queue.start();
  await queue.createQueue(NAME);
  return {
    add: (message) => queue.send(NAME, message),
    addMany: (messages) => queue.insert(messages.map((data) => ({ name: NAME, data }))),
    async consume(handler) {
      const options = { batchSize: BATCH, pollingIntervalSeconds: 0.5, priority: false };
      for (let number = 0; number < 4; ++number) {
        const id = await queue.work(NAME, options, async (jobs) => {
          await Promise.all(jobs.map((job) => handler(job.data)));
          if (jobs.length === BATCH) queue.notifyWorker(id);  // more is there: no pause
        });
      }
      return () => queue.offWork(NAME);
    },
    close: () => queue.stop({ wait: true, graceful: true }),
  };
}

// No queue at all: a row with a unique key.
async function insert(url) {
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS });
  await pool.query("CREATE TABLE IF NOT EXISTS accepted (id uuid PRIMARY KEY, key text UNIQUE NOT NULL, event jsonb NOT NULL)");
  const statement = {
    name: "accept",
    text: "INSERT INTO accepted (id, key, event) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING",
  };
  return {
    add: (message) => pool.query({ ...statement, values: [message.id, message.key, message] }),
    close: () => pool.end(),
  };
}

export const open = (name, url) => ({ graphile, boss, insert })[name](url);
