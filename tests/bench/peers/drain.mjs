// node drain.mjs PEER URL: works messages off with an empty handler until none has come for three seconds; prints how many,
// and when the first could and the last did come, in seconds since 1970.
import { open } from "./queues.mjs";

const [peer, url] = process.argv.slice(2);
const QUIET_MS = 3000;
const queue = await open(peer, url);

let events = 0;
const first = Date.now();
let last = first;
const stop = await queue.consume(async () => {
  ++events;
  last = Date.now();
});
await new Promise((resolve) => {
  const watch = setInterval(() => {
    if (Date.now() - last < QUIET_MS) return;
    clearInterval(watch);
    resolve();
  }, 100);
});
await stop();
await queue.close();
console.log(JSON.stringify({ events, first: first / 1000, last: last / 1000 }));
