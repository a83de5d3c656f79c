// node publish.mjs PEER URL EVENTS: adds so many messages in batches of 1000, two at once; prints how long it took.
import { randomUUID } from "node:crypto";
import { open } from "./queues.mjs";

const [peer, url, count] = process.argv.slice(2);
const events = Number(count);
const queue = await open(peer, url);

const message = (number) => ({
  id: randomUUID(),
  key: randomUUID(),
  from: "+15550001",
  to: `+1666${1000000 + (number % 10000)}`,
  type: "sms",
  body: "Your parcel is on its way and will be there between ten and noon today.",
  timestamp: "2026-03-01T12:00:00Z",
  metadata: { campaign: "spring", order: 4711 },
});

let made = 0;
async function publisher() {
  while (made < events) {
    const first = made;
    made = Math.min(events, made + 1000);
    await queue.addMany(Array.from({ length: made - first }, (_, index) => message(first + index)));
  }
}

const start = performance.now();
await Promise.all([publisher(), publisher()]);
console.log(JSON.stringify({ events, seconds: (performance.now() - start) / 1000 }));
await queue.close();
