// store.js - what can be asked of one store.

import { Key, bytesOfText, isPrefix, percentEncode } from "./key.js";
import { Away, ask, askJson, isNumbered } from "./server.js";

// What the server takes for the name of a store.
export const isStoreName = (name) => /^[a-z0-9][a-z0-9._-]{0,62}$/.test(name);

const at = (store) => `v1/stores/${store}`;

// The most steps that go into one transaction here; the server takes as many by default.
export const BATCH = 10000;

// Something is done when the server gives a receipt for it: who gives none is somebody else, whatever the status.
async function receiptOf(isOne, ...order) {
    const receipt = await askJson(...order);
    if (!receipt || !isOne(receipt))
        throw new Away();
    return receipt;
}

export const figures = (store, signal) => askJson("GET", at(store), { signal });
export const create = async (store) => // false where it was there
    (await receiptOf(({ created }) => created !== undefined, "PUT", at(store))).created;
export const limit = (store, limits) => receiptOf((figured) => figured.limits, "PATCH", at(store), { json: { limits } });

// With all that it holds, where that is still what its figures had this etag for.
export async function remove(store, etag) {
    const answer = await ask("DELETE", at(store), { query: { force: true }, headers: { "If-Match": etag } });
    if (answer.status !== 204 || !isNumbered(answer))
        throw new Away();
    return true;
}

// Several steps, all of them or none.
export const together = (store, operations, more = {}, signal = undefined) =>
    receiptOf(({ results }) => results?.length === operations.length, "POST", `${at(store)}/batch`,
        { json: { operations, ...more }, signal });

// One page of the names of stores.
export const stores = (cursor, signal) =>
    askJson("GET", "v1/stores", { query: { limit: 1000, cursor: cursor && encodeURIComponent(cursor) }, signal });

function entryOf(object) {
    return { key: Key.of(object), size: object.size, etag: object.etag, type: object.content_type,
        modified: object.modified };
}

const bytewise = (one, other) => {
    const [left, right] = [one.key.bytes ?? "", other.key.bytes ?? ""];
    return left < right ? -1 : left > right ? 1 : 0;
};

// One page of objects, and of folders unless it is flat, in bytewise order. What no key can begin with is not asked for.
export async function objects(store, { prefix = "", flat = false, cursor = null, limit: most = 1000, signal } = {}) {
    if (!isPrefix(prefix))
        return { entries: [], cursor: null };
    const page = await askJson("GET", `${at(store)}/objects`, { signal, query: { prefix: percentEncode(prefix),
        delimiter: flat ? "" : "%2F", limit: most, cursor: cursor && encodeURIComponent(cursor) } });
    const folders = [...page.prefixes.map(bytesOfText), ...(page.prefixes_base64 ?? []).map(atob)]
        .map((bytes) => ({ key: new Key(bytes), folder: true }));
    const entries = page.objects.map(entryOf);
    return { entries: folders.length === 0 ? entries : [...entries, ...folders].sort(bytewise), cursor: page.cursor };
}

// The fields that an object was put with, by their names in small letters.
export async function attributes(store, key, signal) {
    const answer = await ask("HEAD", key.path(store), { signal });
    return answer.headers;
}

// The bytes of an object, or some of them: [from, to] are both within. With an etag: of just that object.
export function bytes(store, key, { range = null, etag = null, signal } = {}) {
    return ask("GET", key.path(store), { signal, headers: {
        ...(range && { Range: `bytes=${range[0]}-${range[1]}` }), ...(etag && { "If-Match": etag }) } });
}

// move or copy; where `store` of the target is another one, it goes there. With an etag: just that object.
export function transfer(how, store, key, target, { overwrite = false, etag = null } = {}) {
    return receiptOf((receipt) => receipt.etag, "POST", `${at(store)}/${how}`, { headers: etag ? { "If-Match": etag } : {},
        json: { ...key.json(), overwrite,
        destination: { store: target.store ?? store, ...target.key.json() } } });
}

// All of them, or none: one transaction. match(key): the etag that it has to have, * for any, null where it has to be
// gone, nothing where it may be.
export const removeObjects = (store, keys, match) => together(store, keys.map((key) => {
    const etag = match(key);
    return { op: "delete", ...key.json(), ...(etag === null ? { if_none_match: "*" } : { if_match: etag }) };
}));

// Just that object, if its etag is known. False where it was gone already.
export async function removeObject(store, key, etag) {
    try {
        await removeObjects(store, [key], () => etag ?? "*");
        return true;
    } catch (error) {
        const isThere = () => look(store, key).then((found) => found !== null, () => true);
        if (error.kind !== "precondition-failed" || (etag && await isThere()))
            throw error;
        return false;
    }
}

// What a proxy that packs what it passes on makes a weak one, or gives an end of its own, is the same.
export function etagOf({ headers }) {
    const [, sum] = /"([0-9a-f]{32})(?:-\w+)?"$/.exec(headers.get("ETag")) ?? [];
    return sum === undefined ? null : `"${sum}"`;
}

// Where a connection has ended browsers send a request once more by themselves, and tell of the second answer only: it
// is refused for what the first one has done. So it is looked whether that is there, and has come since.
export const isSince = ({ headers }, began) => Date.parse(headers.get("Last-Modified")) >= began;

// Whether a key has got just that object since.
export async function holds({ store, key }, etag, began) {
    const there = await look(store, key);
    return there !== null && etag !== null && etagOf(there) === etag && isSince(there, began);
}

// Whether a key holds something, and what.
export async function look(store, key, headers = {}) {
    try {
        const answer = await ask("HEAD", key.path(store), { headers });
        if (etagOf(answer) === null && !isNumbered(answer))
            throw new Away(); // somebody else says that it is there
        return answer;
    } catch (error) {
        if (error.kind === "no-object")
            return null;
        throw error;
    }
}

// A link with which anybody may get the object for so long: path and query, as the server goes by them.
export async function link(store, key, seconds) {
    const signed = await askJson("POST", `${at(store)}/links`,
        { json: { method: "GET", ...key.json(), expires_in: seconds } });
    return { query: signed.target.slice(signed.target.indexOf("?") + 1), expires: signed.expires };
}
