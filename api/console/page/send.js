// send.js - files become objects: very small ones together in a batch, small ones by a PUT, large ones by a resumable
// upload.

import { Away, Refusal, askJson, moment, passes } from "./server.js";
import { may } from "./session.js";
import { bytes, isSince, look, together } from "./store.js";
import { Elsewhere, alone, dropResumable, sendResumable } from "./tus.js";
import { words } from "./words.js";

const LARGE = 8 << 20;

// What goes together into a batch. Each commit waits for the disk, so a hundred in one take a hundredth of the time.
export const LOT = { files: 100, bytes: 1 << 20, each: 64 << 10 };

const NEW = { "If-None-Match": "*" };

// The file was removed or changed since it was chosen, or may not be read.
export class Unreadable extends Error {
    constructor(message = words.upload.unreadable) {
        super(message);
    }
}

// Browsers tell of a file that they cannot read as of a server that they cannot reach. A large one's pieces are read
// each before they are sent.
const isReadable = (item) => (isLarge(item) ? item.file.slice(0, 1) : item.file).arrayBuffer().then(() => true,
    () => false);

const isOfReading = (error) => error instanceof DOMException && error.name !== "AbortError";

// All of them, or none: where any of their keys is taken, or anything else is in the way of one, none of them is
// stored. One that cannot be read is answered by an Unreadable.
export async function sendLot(items, rule, signal) {
    const condition = rule === "replace" ? {} : { if_none_match: "*" };
    const operations = await Promise.all(items.map(async ({ key, file }) => ({ op: "put", ...key.json(), ...condition,
        data: base64(new Uint8Array(await file.arrayBuffer().catch(() => { throw new Unreadable(); }))),
        ...(file.type ? { content_type: file.type } : {}) })));
    for (const item of items)
        item.began ??= moment();
    try {
        await together(items[0].store, operations, { allow_empty: true, allow_null_bytes: true }, signal);
    } catch (error) {
        for (const item of items)
            item.unsure ||= isUnsure(error);
        throw error;
    }
}

// Nobody has said whether it was done: no answer came, or one of who stands in front of the server.
const isUnsure = (error) => !error.isOwn;

// In pieces, since a call takes only so many arguments.
function base64(data) {
    let text = "";
    for (let from = 0; from < data.length; from += 8192)
        text += String.fromCharCode(...data.subarray(from, from + 8192));
    return btoa(text);
}

// The key is taken, and nobody has said yet what then.
export class Taken extends Error {
    constructor() {
        super(words.conflict.undecided);
    }
}

const isTaken = (error) => error.kind === "precondition-failed";

// What the key holds, if it may be what was sent: where nobody has said whether that was done, of any time. The browser
// may have sent it twice, and then it has come since, with the type of the file.
async function candidate({ store, key, file, unsure, began }) {
    const held = may("read", store, key.bytes) ? await look(store, key) : null;
    return held !== null && Number(held.headers.get("Content-Length")) === file.size && (unsure || (isSince(held, began) &&
        (!file.type || held.headers.get("Content-Type") === file.type)));
}

// Whether the key holds the bytes of the file, which are what was sent. Who has too much to do to say so is asked again.
async function isThere(item) {
    const { store, key, file } = item;
    try {
        if (!await candidate(item))
            return false;
        const ours = new Uint8Array(await file.arrayBuffer());
        const theirs = new Uint8Array(await (await bytes(store, key)).arrayBuffer().catch(() => { throw new Away(); }));
        if (theirs.length !== ours.length)
            throw new Away(); // that is something else
        return ours.every((byte, index) => byte === theirs[index]);
    } catch (error) {
        if (error instanceof Refusal && error.status !== 401 && !passes(error))
            return false;
        throw error;
    }
}

async function put(item, condition, { signal, told }) {
    const { file, store, key } = item;
    item.began ??= moment();
    try {
        const receipt = await askJson("PUT", key.path(store), { body: file, signal,
            headers: { ...condition, ...(file.type ? { "Content-Type": file.type } : {}) } });
        if (receipt?.size !== file.size)
            throw new Away(); // that is none, whatever the status
    } catch (error) {
        item.unsure ||= isUnsure(error);
        if (!isTaken(error))
            throw error;
        if (!await isThere(item)) {
            item.began = null; // what comes from now on is not what was sent
            throw error;
        }
    }
    told(file.size);
}

const large = (item, condition, tools) => alone(item, () => sendResumable(item, condition, tools));

const isLarge = ({ file }) => file.size > LARGE;

// What was sent of it to that key, by this page or one that was closed, is not wanted any more. Another tab's is, and
// another row's.
export async function leave(item) {
    if (isLarge(item))
        await alone(item, () => dropResumable(item)).catch((error) => {
            if (!(error instanceof Elsewhere))
                throw error;
        });
}

// `rule` is what to do where the key is taken: null asks, by a Taken; skip, replace, both. Answers "done" or "skipped".
export async function send(item, rule, tools) {
    for (let count = 2; ; count++) {
        try {
            await (isLarge(item) ? large : put)(item, rule === "replace" ? {} : NEW, tools);
            return "done";
        } catch (error) {
            if (isOfReading(error) || (error instanceof Away && !await isReadable(item)))
                throw new Unreadable();
            if (!isTaken(error) || rule === "replace")
                throw error;
            if (rule === null)
                throw new Taken();
            await leave(item);
            if (rule === "skip")
                return "skipped";
            item.asked ??= item.key;
            item.key = item.asked.another(count);
            item.unsure = false;
            item.began = null;
        }
    }
}
