// tus.js - a large file, piece by piece, by tus 1.0.0: it goes on where it was after a broken network, a restart of the
// server, and, since where it lies is remembered, when the page was closed and the same file is chosen again. Whether it
// is the same is told by digests of the pieces that were sent: size and time may be those of another one.

import { digest } from "./digest.js";
import { bytesOfText } from "./key.js";
import { Away, Refusal, ask, passes, url } from "./server.js";
import { etagOf, look } from "./store.js";

const VERSION = { "Tus-Resumable": "1.0.0" };
const LEAST = 1 << 20, MOST = 64 << 20;
const QUICK = 400, SLOW = 2000; // milliseconds of a piece, below and above which the next one is larger and smaller

// Servers below several paths of a host have the same memory.
const nameOf = ({ store, key, file }) =>
    `cairn-sending ${url("").pathname} ${store} ${file.size} ${file.lastModified} ${key.bytes}`;

// What is remembered of an upload: { place, pieces: [[from, length, digest]], isNew }, or null. The server decides by the
// condition that an upload was made with, whether its key has to be free: for another one it begins anew.
const recall = (item) => JSON.parse(localStorage.getItem(nameOf(item)));
const forget = (item) => localStorage.removeItem(nameOf(item));

function remember(item, upload) {
    try {
        localStorage.setItem(nameOf(item), JSON.stringify(upload));
    } catch {
        forget(item); // there is no room: then it does not outlive the page
    }
}

async function isSame({ file }, pieces, offset) {
    for (const [from, length, known] of pieces)
        if (from < offset && await digest(file.slice(from, from + length)) !== known)
            return false;
    return true;
}

// Refused for good it is not: after signing in, or a while, it goes on.
const FOR_NOW = [401, 403];

const GONE = [404, 410];

// Another tab, or another row, sends that file just now.
export class Elsewhere extends Error {}

// Browsers have locks for pages by https and of the own machine only: elsewhere a page knows of itself.
const ends = new Map(); // of those that have one, by its name
const locks = navigator.locks ?? { async request(name, { ifAvailable, signal }, work) {
    while (ends.has(name)) {
        if (ifAvailable)
            return work(null);
        await ends.get(name);
    }
    signal?.throwIfAborted();
    const working = work({});
    ends.set(name, Promise.resolve(working).catch(() => {}).finally(() => ends.delete(name)));
    return working;
} };

// One at a time, of all tabs: two that send the same file would hold each other up.
export const alone = (item, work) => locks.request(nameOf(item), { ifAvailable: true }, (lock) => {
    if (lock === null)
        throw new Elsewhere();
    return work();
});

// Until nobody else sends it.
export const whenAlone = (item, signal) => locks.request(nameOf(item), { signal }, () => {});

const remove = (place) => ask("DELETE", place, { headers: VERSION }).catch(() => {}); // it expires by itself

// Where nobody wants it any more before it is known where it lies, it is removed as soon as it is.
async function create(item, condition, signal) {
    signal.throwIfAborted();
    const metadata = [`key ${btoa(item.key.bytes)}`];
    if (item.file.type)
        metadata.push(`filetype ${btoa(bytesOfText(item.file.type))}`);
    const uploads = `v1/stores/${item.store}/uploads`;
    const made = ask("POST", uploads, { headers: { ...VERSION, ...condition, "Upload-Length": item.file.size,
        "Upload-Metadata": metadata.join(",") } }).then(({ headers }) => {
        const place = `${uploads}/${fieldOf(headers, "Location").split("/").pop()}`; // a proxy may have cut its own path
        if (signal.aborted)
            remove(place);
        return place;
    });
    const left = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    return Promise.race([made, left]);
}

// Who does not tell it is not the server, whatever the status.
function fieldOf(headers, name) {
    if (!headers.has(name))
        throw new Away();
    return headers.get(name);
}

const offsetOf = ({ headers }) => Number(fieldOf(headers, "Upload-Offset"));

// How far the upload is that lies there, and if it is done the etag of its receipt; null where there is none any more.
async function lookup(place, signal) {
    try {
        const answer = await ask("HEAD", place, { headers: VERSION, signal });
        return { offset: offsetOf(answer), etag: answer.headers.get("Cairn-ETag") };
    } catch (error) {
        if (error instanceof Refusal && error.isOwn && GONE.includes(error.status))
            return null;
        throw error;
    }
}

// What the key holds. Who may not read is not told.
async function held({ store, key }) {
    try {
        return await look(store, key);
    } catch (error) {
        if (error.status === 403)
            return null;
        throw error;
    }
}

// The file's upload, and how far it is: the one that was begun, or a new one. One that is done goes on to be so as long
// as the key holds what it has brought: that may have been deleted, or replaced. And a large file is not sent for
// nothing: whether its key is free is looked up before, and decided at the commit all the same.
async function begin(item, condition, signal) {
    const isNew = "If-None-Match" in condition, known = recall(item);
    const lies = known === null ? null : await lookup(known.place, signal), isWhole = lies?.offset === item.file.size;
    const there = isWhole || (isNew && item.sent === 0) ? await held(item) : null;
    const isDone = isWhole && lies.etag !== null && there !== null && etagOf(there) === lies.etag;
    if (isNew && there !== null && !isDone)
        throw new Refusal(412, { type: "precondition-failed" });
    if (lies !== null && known.isNew === isNew && isDone === isWhole && await isSame(item, known.pieces, lies.offset))
        return { upload: known, offset: lies.offset };
    if (lies !== null)
        await dropResumable(item);
    const upload = { place: await create(item, condition, signal), pieces: [], isNew };
    remember(item, upload);
    return { upload, offset: 0 };
}

async function append(item, place, offset, piece, signal) {
    const headers = { ...VERSION, "Upload-Offset": offset, "Content-Type": "application/offset+octet-stream" };
    try {
        return offsetOf(await ask("PATCH", place, { headers, body: piece, signal }));
    } catch (error) {
        if (!(error instanceof Refusal) || error.status !== 409) // it is elsewhere by now
            throw error;
        const reached = await lookup(place, signal);
        if (reached !== null && (reached.offset < item.file.size ||
            (reached.etag !== null && offset + piece.size === item.file.size)))
            return reached.offset; // the browser may have sent the last piece twice
        throw error; // who has ended it has the receipt
    }
}

// A piece of a file, and its digest as soon as it is known.
function cut({ file }, from, length) {
    const bytes = file.slice(from, from + length), sum = digest(bytes);
    sum.catch(() => {}); // whoever awaits it is told
    return { from, bytes, sum };
}

const lengthAfter = (length, took) =>
    took < QUICK ? Math.min(length * 2, MOST) : took > SLOW ? Math.max(length / 2, LEAST) : length;

// Sends what is missing. told(sent) after each piece: so many bytes are on the server's disk. While one piece is on its
// way the next one is summed up.
export async function sendResumable(item, condition, { signal, told }) {
    const { file } = item, { upload, offset } = await begin(item, condition, signal);
    let sent = offset, length = LEAST, piece = cut(item, sent, length);
    told(sent);
    try {
        while (sent < file.size) {
            const { bytes } = piece;
            upload.pieces.push([sent, bytes.size, await piece.sum]);
            remember(item, upload); // before any byte of it can be there
            signal.throwIfAborted();
            const next = cut(item, sent + bytes.size, length), began = performance.now();
            sent = await append(item, upload.place, sent, bytes, signal);
            told(sent);
            length = lengthAfter(length, performance.now() - began);
            piece = next.from === sent ? next : cut(item, sent, length);
        }
    } catch (error) {
        if (error.isOwn && error.status < 500 && !passes(error) && !FOR_NOW.includes(error.status))
            await dropResumable(item); // it is refused for good, or its condition does not hold
        throw error;
    }
    forget(item);
}

// Forgets what has been sent of it.
export async function dropResumable(item) {
    const known = recall(item);
    forget(item);
    if (known !== null)
        await remove(known.place);
}
