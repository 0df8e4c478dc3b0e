// Every operation of openapi.yaml through openapi-fetch, typed by openapi-typescript, against a real server.
//
//     node round_trip.js http://127.0.0.1:8080
//
// That this file compiles is a test as well: each path, member and answer below is checked against the generated types.

import { createHash } from "node:crypto";
import createClient from "openapi-fetch";
import type { components, paths } from "./cairn.js";

type Receipt = components["schemas"]["Receipt"];

// The generated type of a binary body is string; what fetch takes is bytes.
const bytes = (value: Uint8Array) => ({ body: value as unknown as string, bodySerializer: () => value as BodyInit });
const base64 = (text: string) => Buffer.from(text).toString("base64");
const sha256 = (value: Uint8Array) => createHash("sha256").update(value).digest("hex");
const OCTETS = { "Content-Type": "application/octet-stream" };
const MIB = 1024 * 1024;

let passed = 0;
let failed = 0;

function check(title: string, holds: boolean, seen?: unknown): void {
    holds ? passed++ : failed++;
    if (!holds) console.log(`FAILED typescript: ${title}: ${JSON.stringify(seen)}`);
}

const server = process.argv[2] ?? "http://127.0.0.1:8080";
const cairn = createClient<paths>({ baseUrl: server });
const store = "typescript";
const other = "typescript-other";

async function stores(): Promise<void> {
    const made = await cairn.PUT("/v1/stores/{store}", { params: { path: { store } } });
    check("createStore", made.response.status === 201 && made.data?.created === true, made.data);
    const again = await cairn.PUT("/v1/stores/{store}", { params: { path: { store } } });
    check("createStore again", again.response.status === 200 && again.data?.created === false, again.data);
    await cairn.PUT("/v1/stores/{store}", { params: { path: { store: other } } });
    const list = await cairn.GET("/v1/stores");
    check("listStores", list.data?.stores.some((entry) => entry.name === store) === true, list.data);
    const figures = await cairn.GET("/v1/stores/{store}", { params: { path: { store } } });
    check("getStore", figures.data?.objects === 0, figures.data);
    const absent = await cairn.GET("/v1/stores/{store}", { params: { path: { store: "absent" } } });
    check("getStore of none", absent.error?.status === 404, absent.error);
}

async function verification(): Promise<void> {
    const begun = await cairn.POST("/v1/stores/{store}/verify", { params: { path: { store }, query: { rate: 0 } } });
    check("verifyStore", begun.response.status === 202 && begun.data?.flaws === 0, begun);
    const figures = await cairn.GET("/v1/stores/{store}", { params: { path: { store } } });
    check("getStore shows it", figures.data?.verification?.started === begun.data?.started, figures.data);
}

async function put(key: string, value: Uint8Array, type?: string): Promise<Receipt | undefined> {
    const answer = await cairn.PUT("/v1/stores/{store}/objects/{key}", {
        params: { path: { store, key } },
        headers: { "Content-Type": type ?? OCTETS["Content-Type"], "Cairn-Meta-Client": "typescript" },
        ...bytes(value),
    });
    return answer.data;
}

async function roundTrip(key: string, value: Uint8Array): Promise<void> {
    const title = `${JSON.stringify(key)}, ${value.length} bytes`;
    const receipt = await put(key, value, "text/x-test");
    check(`putObject ${title}`, receipt?.key === key && receipt?.size === value.length, receipt);
    const params = { path: { store, key } };
    const got = await cairn.GET("/v1/stores/{store}/objects/{key}", { params, parseAs: "arrayBuffer" });
    const body = new Uint8Array((got.data as unknown as ArrayBuffer | undefined) ?? []);
    const empty = value.length === 0 && got.response.status === 200;
    check(`getObject ${title}`, empty || sha256(body) === sha256(value), got.response.status);
    check(`attributes of ${title}`, got.response.headers.get("content-type") === "text/x-test"
        && got.response.headers.get("cairn-meta-client") === "typescript", [...got.response.headers]);
    const head = await cairn.HEAD("/v1/stores/{store}/objects/{key}", { params });
    const length = head.response.headers.get("content-length");
    check(`headObject ${title}`, length === String(value.length), head.response.status);
    await byHash(title, receipt?.key_hash ?? "", value);
    const gone = await cairn.DELETE("/v1/stores/{store}/objects/{key}", { params });
    check(`deleteObject ${title}`, gone.data?.key === key, gone);
    const absent = await cairn.GET("/v1/stores/{store}/objects/{key}", { params });
    check(`${title} is gone`, absent.error?.status === 404, absent.response.status);
}

async function byHash(title: string, hash: string, value: Uint8Array): Promise<void> {
    const params = { path: { store, hash } };
    const got = await cairn.GET("/v1/stores/{store}/hashes/{hash}", { params, parseAs: "arrayBuffer" });
    const length = got.response.headers.get("content-length");
    check(`getObjectByHash ${title}`, length === String(value.length), got.response.status);
    const head = await cairn.HEAD("/v1/stores/{store}/hashes/{hash}", { params });
    check(`headObjectByHash ${title}`, head.response.status === 200, head.response.status);
}

async function hashes(): Promise<void> {
    const params = { path: { store, hash: "e0614cc5ecbeed92" } }; // XXH3-64 of "test_key"
    const body = bytes(Buffer.from("x"));
    const made = await cairn.PUT("/v1/stores/{store}/hashes/{hash}", { params, headers: OCTETS, ...body });
    check("putObjectByHash", made.response.status === 201, made);
    const path = { store, key: "test_key" };
    const found = await cairn.GET("/v1/stores/{store}/objects/{key}", { params: { path }, parseAs: "text" });
    check("found by its key", found.data === "x", found.response.status);
    const gone = await cairn.DELETE("/v1/stores/{store}/hashes/{hash}", { params });
    check("deleteObjectByHash", gone.response.status === 200, gone);
}

async function compareAndSwap(): Promise<void> {
    const etag = (await put("swapped", Buffer.from("1")))?.etag;
    const swap = () => cairn.PUT("/v1/stores/{store}/objects/{key}", {
        params: { path: { store, key: "swapped" }, header: { "If-Match": etag } },
        headers: OCTETS,
        ...bytes(Buffer.from("2")),
    });
    const answers = [await swap(), await swap()];
    check("If-Match swaps once", answers.map((answer) => answer.response.status).join() === "200,412", answers);
}

// fetch takes `.` and `..` out of every path, even percent-encoded: such a key is named in JSON, or by its hash.
async function dotKey(key: string): Promise<void> {
    const params = { path: { store } };
    const written = await cairn.POST("/v1/stores/{store}/batch", {
        params,
        body: { operations: [{ op: "put", key, data: base64(key) }] },
    });
    const receipt = written.data?.results[0];
    check(`batch puts ${key}`, receipt?.key === key, written.error);
    const read = await cairn.POST("/v1/stores/{store}/batch-get", { params, body: { keys: [key] } });
    check(`getObjects ${key}`, read.data?.objects[0]?.data === base64(key), read.data);
    const path = { store, hash: receipt?.key_hash ?? "" };
    const found = await cairn.GET("/v1/stores/{store}/hashes/{hash}", { params: { path }, parseAs: "text" });
    check(`getObjectByHash ${key}`, found.data === key, found.response.status);
    const gone = await cairn.POST("/v1/stores/{store}/batch", {
        params,
        body: { operations: [{ op: "delete", key }] },
    });
    check(`batch deletes ${key}`, gone.response.status === 200, gone.error);
}

async function batches(): Promise<void> {
    const params = { path: { store } };
    const all = await cairn.POST("/v1/stores/{store}/batch", {
        params,
        body: {
            operations: [
                { op: "put", key: "a", data: base64("A"), content_type: "text/plain" },
                { op: "rename", key: "a", to: "b" },
                { op: "copy", key: "b", to: "c" },
                { op: "delete", key: "b" },
            ],
        },
    });
    check("applyBatch", all.data?.results.length === 4, all.error);
    const found = await cairn.POST("/v1/stores/{store}/batch-get", { params, body: { keys: ["c", "b"] } });
    check("getObjects", found.data?.objects[0]?.data === base64("A") && found.data.objects[1] === null, found.data);
    const refused = await cairn.POST("/v1/stores/{store}/batch", {
        params,
        body: { operations: [{ op: "put", key: "d", data: base64("D") }, { op: "put", key: "e", data: "" }] },
    });
    check("applyBatch refused", refused.error?.status === 422 && refused.error.index === 1, refused);
}

async function listing(): Promise<void> {
    for (const key of ["page/1", "page/2"]) await put(key, Buffer.from("x"));
    const params = { path: { store }, query: { prefix: "page/", limit: 1 } };
    const first = await cairn.GET("/v1/stores/{store}/objects", { params });
    check("listObjects", first.data?.objects[0]?.key === "page/1" && first.data.cursor !== null, first.data);
    const cursor = first.data?.cursor ?? "";
    const next = await cairn.GET("/v1/stores/{store}/objects", {
        params: { path: { store }, query: { prefix: "page/", cursor } },
    });
    check("listObjects, next page", next.data?.objects[0]?.key === "page/2" && next.data.cursor === null, next.data);
}

async function movesAndCopies(): Promise<void> {
    await put("travelling", Buffer.from("x"));
    const path = { store };
    const copied = await cairn.POST("/v1/stores/{store}/copy", {
        params: { path },
        body: { key: "travelling", destination: { store: other, key: "copied" } },
    });
    check("copyObject", copied.response.status === 201 && copied.data?.store === other, copied);
    const moved = await cairn.POST("/v1/stores/{store}/move", {
        params: { path },
        body: { key: "travelling", destination: { store: other, key: "moved" }, overwrite: false },
    });
    check("moveObject", moved.response.status === 201 && moved.data?.key === "moved", moved);
}

async function pages(): Promise<void> {
    const health = await cairn.GET("/healthz");
    check("getHealth", health.response.status === 200, health.error);
    const ready = await cairn.GET("/readyz");
    check("getReadiness", ready.response.status === 200, ready.error);
    const metrics = await cairn.GET("/metrics", { parseAs: "text" });
    check("getMetrics", metrics.data?.includes("# TYPE cairn_") === true, metrics.data);
    const file = await cairn.GET("/openapi.yaml", { parseAs: "text" });
    check("getOpenapi", file.data?.startsWith("openapi: 3.") === true, file.response.status);
}

async function deleteStores(): Promise<void> {
    const refused = await cairn.DELETE("/v1/stores/{store}", { params: { path: { store } } });
    check("deleteStore with objects", refused.error?.status === 409, refused);
    for (const name of [store, other]) {
        const gone = await cairn.DELETE("/v1/stores/{store}", {
            params: { path: { store: name }, query: { force: true } },
        });
        check(`deleteStore ${name}`, gone.response.status === 204, gone);
    }
}

function large(): Uint8Array {
    const value = new Uint8Array(200 * MIB);
    for (let at = 0; at < value.length; at += 4096) value[at] = (at / 4096) % 251;
    return value;
}

await stores();
for (const key of ["plain", "a/b c", "ü", "%", "+", "?", "#", "a//b", "/", "a/../b", "%2F", "\0"])
    await roundTrip(key, Buffer.from(`value of ${key}`));
for (const key of [".", ".."]) await dotKey(key);
await roundTrip("empty", new Uint8Array(0));
await roundTrip("large", large());
await hashes();
await compareAndSwap();
await batches();
await listing();
await movesAndCopies();
await verification();
await pages();
await deleteStores();
console.log(`typescript openapi-fetch: ${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
