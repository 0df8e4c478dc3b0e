// What people do with cairn through the client that hey-api makes, against a real server:
//
//     node hey_api.js http://127.0.0.1:8080

import {
    applyBatch, copyObject, createStore, deleteObject, deleteStore, getObject, getObjects, getStore, headObject,
    listObjects, listStores, moveObject, putObject,
} from "./hey_api/sdk.gen.js";
import { client } from "./hey_api/client.gen.js";

client.setConfig({ baseUrl: process.argv[2] ?? "" });
const store = "hey-api";
let passed = 0;
let failed = 0;

function check(title: string, holds: boolean | undefined, seen: unknown): void {
    if (holds) {
        passed++;
        return;
    }
    failed++;
    console.log(`FAILED typescript: hey-api: ${title}:`, seen);
}

function put(key: string, text: string, headers: Record<string, string> = {}) {
    return putObject({ path: { store, key }, body: new Blob([text]), headers });
}

async function get(key: string): Promise<string> {
    const answer = await getObject({ path: { store, key }, parseAs: "text" });
    return String(answer.data);
}

async function stores(): Promise<void> {
    const made = await createStore({ path: { store } });
    check("createStore", made.data?.created, made.error);
    const list = await listStores();
    check("listStores", list.data?.stores.some((entry) => entry.name === store), list.data);
    const figures = await getStore({ path: { store } });
    check("getStore", figures.data?.verification === null, figures.data);
    const absent = await getStore({ path: { store: "absent" } });
    check("getStore of none", absent.error?.status === 404, absent.error);
}

async function roundTrip(key: string): Promise<void> {
    const value = `value of ${key}`;
    const made = await put(key, value);
    check(`putObject ${key}`, made.data?.key === key && made.response?.status === 201, made);
    check(`getObject ${key}`, (await get(key)) === value, await get(key));
    const head = await headObject({ path: { store, key } });
    check(`headObject ${key}`, head.response?.headers.get("etag") === made.data?.etag, head.response?.status);
    const gone = await deleteObject({ path: { store, key } });
    check(`deleteObject ${key}`, gone.data?.etag === null, gone);
    const absent = await getObject({ path: { store, key } });
    check(`${key} is gone`, absent.response?.status === 404, absent.response?.status);
}

async function conditions(): Promise<void> {
    const etag = (await put("swapped", "1")).data?.etag ?? "";
    const swapped = await put("swapped", "2", { "If-Match": etag });
    check("If-Match swaps", swapped.response?.status === 200, swapped.error);
    const late = await put("swapped", "3", { "If-Match": etag });
    check("If-Match swaps once", late.error?.status === 412, late);
    check("what was refused has changed nothing", (await get("swapped")) === "2", await get("swapped"));
}

async function listing(): Promise<void> {
    for (const key of ["page/1", "page/2"]) await put(key, "x");
    const first = await listObjects({ path: { store }, query: { prefix: "page/", limit: 1 } });
    check("listObjects", first.data?.objects.length === 1 && first.data.cursor !== null, first.data);
    const cursor = first.data?.cursor ?? "";
    const next = await listObjects({ path: { store }, query: { prefix: "page/", cursor } });
    check("listObjects, next page", next.data?.objects[0]?.key === "page/2" && next.data.cursor === null, next.data);
}

async function batches(): Promise<void> {
    const data = Buffer.from("A").toString("base64");
    const done = await applyBatch({
        path: { store },
        body: {
            operations: [
                { op: "put", key: "a", data, content_type: "text/plain" },
                { op: "rename", key: "a", to: "b" },
                { op: "copy", key: "b", to: "c" },
                { op: "delete", key: "b" },
            ],
        },
    });
    check("applyBatch", done.data?.results.length === 4, done.error);
    const found = await getObjects({ path: { store }, body: { keys: ["c", "b"] } });
    check("getObjects", found.data?.objects[0]?.data === data && found.data.objects[1] === null, found.data);
    const empty = await applyBatch({ path: { store }, body: { operations: [{ op: "put", key: "e", data: "" }] } });
    check("applyBatch refused", empty.error?.status === 422 && empty.error.index === 0, empty);
}

async function movesAndCopies(): Promise<void> {
    await put("travelling", "x");
    const copied = await copyObject({ path: { store }, body: { key: "travelling", destination: { key: "copied" } } });
    check("copyObject", copied.data?.created, copied.error);
    const command = { key: "travelling", destination: { key: "moved" }, overwrite: false };
    const moved = await moveObject({ path: { store }, body: command });
    check("moveObject", moved.data?.key === "moved", moved.error);
    const again = await moveObject({ path: { store }, body: command });
    check("moveObject of nothing", again.error?.status === 404, again);
}

await stores();
for (const key of ["plain", "a/b c", "ü", "%", "+", "?", "#", "a//b", "/", "%2F"]) await roundTrip(key);
await conditions();
await listing();
await batches();
await movesAndCopies();
const gone = await deleteStore({ path: { store }, query: { force: true } });
check("deleteStore", gone.response?.status === 204, gone.error);
console.log(`typescript hey-api: ${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
