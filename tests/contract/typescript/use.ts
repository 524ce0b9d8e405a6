// A consumer's program: log in, make an item, read it, page through a list, change it, be refused.
//
//     node out/use.js URL EMAIL PASSWORD SKU

import createClient from "openapi-fetch";
import type { components, paths } from "./stockroom.js";

declare const process: { argv: string[] };

type Item = components["schemas"]["Item"];
type Read = Item | components["schemas"]["ItemSelection"];

const [, , baseUrl = "", email = "", password = "", sku = ""] = process.argv;
const client = createClient<paths>({ baseUrl });

function must<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`missing: ${what}`);
  return value;
}

function same<T>(found: T, wanted: T, what: string): void {
  if (found !== wanted) throw new Error(`${what}: ${String(found)} instead of ${String(wanted)}`);
}

const session = await client.POST("/api/v1/auth/token", { body: { email, password } });
const { token } = must(session.data, "a token").data;
client.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${token}`);
    return request;
  },
});

const made = await client.POST("/api/v1/items", {
  body: { sku, name: "Desk lamp", unit_price: "39.90", currency: "EUR", tags: ["light"] },
});
const item: Item = must(made.data, "the item made").data;
same(item.unit_price, "39.90", "the price");
const params = { path: { id: item.id } };

const read = await client.GET("/api/v1/items/{id}", { params });
const tag = must(read.response.headers.get("ETag"), "an ETag");
const shown: Read = must(read.data, "the item read").data;
same(shown.sku, sku, "the SKU");

const skus: string[] = [];
let cursor: string | null = "";
while (cursor !== null) {
  const page: { data?: components["schemas"]["ItemListResponse"] } = await client.GET(
    "/api/v1/items",
    { params: { query: { cursor, page_size: 2, fields: "sku", ordering: "sku" } } },
  );
  const answer = must(page.data, "a page");
  skus.push(...answer.data.map((row) => must(row.sku, "a SKU")));
  cursor = answer.meta.next_cursor ?? null;
}
same(skus.includes(sku), true, "whether the list holds the item");
same(new Set(skus).size, skus.length, "how many items the pages hold");

const changed = await client.PATCH("/api/v1/items/{id}", {
  params: { ...params, header: { "If-Match": tag } },
  body: { name: "Floor lamp" },
});
same(must(changed.data, "the item changed").data.name, "Floor lamp", "the name");

const overtaken = await client.PATCH("/api/v1/items/{id}", {
  params: { ...params, header: { "If-Match": tag } },
  body: { name: "Wall lamp" },
});
same(overtaken.response.status, 412, "the status for an older version");
same(must(overtaken.error, "a failure").error.code, "precondition_failed", "its code");

const refused = await client.POST("/api/v1/items", { body: { sku: "", name: "Nameless" } });
same(refused.response.status, 422, "the status for a bad body");
same(must(refused.error, "a failure").error.details[0]?.field, "sku", "the field it names");

const batch = await client.POST("/api/v1/items/batch", {
  body: { atomic: false, operations: [{ op: "delete", id: item.id }] },
});
same(must(batch.data, "the outcomes").data[0]?.error ?? null, null, "what the batch says");
same(must(batch.data, "the outcomes").meta.failed, 0, "how much of the batch failed");
