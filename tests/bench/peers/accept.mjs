// node accept.mjs PEER URL PORT: takes the SMS call as Penstock does, by Fastify's schema, and answers 202 once it is committed.
import { createHash, randomUUID } from "node:crypto";
import Fastify from "fastify";
import { open } from "./queues.mjs";

const [peer, url, port] = process.argv.slice(2);
const queue = await open(peer, url);
const server = Fastify();

const phone = { type: "string", pattern: "^(\\+?[0-9]{7,15}|[0-9]{3,8})$" };
const body = {
  type: "object",
  required: ["from", "to", "body"],
  properties: {
    from: phone,
    to: phone,
    body: { type: "string", minLength: 1 },
    type: { enum: ["sms", "mms"] },
    timestamp: { type: "string", format: "date-time" },
    attachments: { type: "array", maxItems: 8, items: { type: "string", format: "uri" } },
    metadata: { type: "object" },
  },
};

server.post("/api/messages/sms", { schema: { body } }, async (request, reply) => {
  const draft = request.body;
  const key = createHash("sha256")
    .update(`${draft.from}|${draft.to}|${draft.timestamp}|${draft.body}`)
    .digest("hex")
    .slice(0, 32);
  const id = randomUUID();
  await queue.add({ id, key, ...draft });
  reply.code(202);
  return { status: "accepted", id, idempotencyKey: key };
});
server.get("/readyz", async () => "ready");

process.once("SIGTERM", async () => {
  await server.close();
  await queue.close();
});
await server.listen({ host: "127.0.0.1", port: Number(port) });
