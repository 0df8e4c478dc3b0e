// npx openapi-typescript openapi.yaml -o cairn.d.ts && npx tsc && node typescript.js [http://127.0.0.1:8080]
import createClient from "openapi-fetch";
import type { paths } from "./cairn.js";

const cairn = createClient<paths>({ baseUrl: process.argv[2] ?? "http://127.0.0.1:8080" });
const store = "typescript-example";
const file = new Blob(["hello, cairn"], { type: "text/plain" });

await cairn.PUT("/v1/stores/{store}", { params: { path: { store } } });
const { data: receipt, error } = await cairn.PUT("/v1/stores/{store}/objects/{key}", {
    params: { path: { store, key: "notes/1" }, header: { "If-None-Match": "*" } },
    headers: { "Content-Type": file.type, "Cairn-Meta-Mood": "good" },
    body: file as unknown as string, // the generated type of bytes is string
    bodySerializer: (body) => body,
});
console.log(receipt ?? error);
const { data: text } = await cairn.GET("/v1/stores/{store}/objects/{key}", {
    params: { path: { store, key: "notes/1" } },
    parseAs: "text", // or "arrayBuffer", "blob", "stream"
});
console.log(text);
await cairn.POST("/v1/stores/{store}/move", {
    params: { path: { store } },
    body: { key: "notes/1", destination: { key: "kept" } },
});
await cairn.DELETE("/v1/stores/{store}", { params: { path: { store }, query: { force: true } } });
