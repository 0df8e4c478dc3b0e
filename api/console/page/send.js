// send.js - files become objects: very small ones together in a batch, small ones by a PUT, large ones by a resumable
// upload.

import { Away, Refusal, ask, askJson } from "./server.js";
import { bytes, look } from "./store.js";
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
    try {
        const answer = await askJson("POST", `v1/stores/${items[0].store}/batch`,
            { json: { operations, allow_empty: true, allow_null_bytes: true }, signal });
        if (answer?.results?.length !== items.length)
            throw new Away(); // that is no receipt, whatever the status
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

// Whether what the key holds are the bytes of the file: where an answer was lost on its way they are what was sent. Not
// where one may not read it.
async function isThere({ store, key, file }) {
    try {
        const held = await look(store, key);
        if (held === null || Number(held.headers.get("Content-Length")) !== file.size)
            return false;
        const [ours, theirs] = await Promise.all([file,
            await bytes(store, key)].map(async (source) => new Uint8Array(await source.arrayBuffer())));
        return ours.every((byte, index) => byte === theirs[index]);
    } catch (error) {
        if (error instanceof Refusal)
            return false;
        throw error;
    }
}

async function put(item, condition, { signal, told }) {
    const { file, store, key } = item;
    try {
        const receipt = await askJson("PUT", key.path(store), { body: file, signal,
            headers: { ...condition, ...(file.type ? { "Content-Type": file.type } : {}) } });
        if (receipt?.size !== file.size)
            throw new Away(); // that is none, whatever the status
    } catch (error) {
        const isMine = isTaken(error) && item.unsure && await isThere(item);
        item.unsure ||= isUnsure(error);
        if (!isMine)
            throw error;
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
        }
    }
}
