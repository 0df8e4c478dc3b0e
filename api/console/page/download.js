// download.js - ways to the bytes of an object for what shows no token: an image, a video, the browser's own downloads.
//
// What is saved goes by the browser's own download, from the address of the object or from a signed link. Where there
// is neither it goes through a service worker (courier.js), which shows the token. Browsers have these for pages by https
// and of the own machine only: elsewhere it goes through memory, and so may have a certain size only.

import { deliver } from "./delivery.js";
import { make } from "./dom.js";
import { ask, hasToken, url } from "./server.js";
import { may, signsLinks } from "./session.js";
import { attributes, bytes, link, objects } from "./store.js";
import { bytes as size } from "./format.js";
import { isDots, percentEncode } from "./key.js";
import { cut } from "./spelling.js";
import { words } from "./words.js";

// What is held in memory at most.
const HELD = 256 << 20, HELD_DATA = 8 << 20;
const LINK_SECONDS = 6 * 60 * 60;

// Links are for keys.
export const isByHash = (key) => key.bytes === null || isDots(key.bytes);

// A URL that needs no token, with ranges; null where there is none: then the bytes have to be fetched.
export async function openUrl(store, key) {
    const plain = url(key.path(store));
    if (!hasToken())
        return plain;
    if (isByHash(key) || !signsLinks() || !may("read", store, key.bytes))
        return null;
    try {
        plain.search = (await link(store, key, LINK_SECONDS)).query;
        return plain;
    } catch (error) {
        if (error.status === 409)
            return null;
        throw error;
    }
}

// What cannot be a document with scripts in it. A blob: URL that is opened by itself is of the console's origin, and has
// no sandbox.
const INERT = /^(image\/(png|jpeg|gif|webp|avif|bmp|x-icon)|(audio|video)\/[a-z0-9.-]+|application\/pdf)$/;

const bareOf = (type) => type.split(";")[0].trim().toLowerCase();

export const isInert = (type) => INERT.test(bareOf(type));

const dataUrl = (blob) => new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
});

// A URL of the bytes themselves, which are in memory; free() lets go of them. Of what may have scripts, as an SVG, it is
// one of data, which is of no origin.
export async function heldUrl(store, key, length, type, signal) {
    const bare = bareOf(type), inert = isInert(type), most = inert ? HELD : HELD_DATA;
    if (length > most)
        throw new Error(words.download.tooLarge(size(most)));
    const { body } = await bytes(store, key, { signal });
    const held = await heldOf(body, most, words.download.tooLarge, bare); // packed, it may be far more than its size
    if (!inert)
        return { url: await dataUrl(held), free: () => {} };
    const blob = URL.createObjectURL(held);
    return { url: blob, free: () => URL.revokeObjectURL(blob) };
}

function follow(target, name) {
    const anchor = make("a", { href: target, download: name });
    document.body.append(anchor);
    anchor.click();
    anchor.remove();
}

// All that comes, but no more than that, also where nobody tells how much it is.
async function heldOf(body, most, refusal, type) {
    const reader = body.getReader(), parts = [];
    let length = 0;
    for (let part; !(part = await reader.read()).done;) {
        parts.push(part.value);
        length += part.value.length;
        if (length > most) {
            reader.cancel();
            throw new Error(refusal(size(most)));
        }
    }
    return new Blob(parts, { type });
}

async function keep(path, name) {
    const { body } = await ask("GET", path);
    const held = URL.createObjectURL(await heldOf(body, HELD, words.download.tooMuch, "application/octet-stream"));
    follow(held, name);
    setTimeout(() => URL.revokeObjectURL(held), 60000);
}

// With the token.
async function save(path, name) {
    if (!await deliver(path))
        await keep(path, name);
}

const LONGEST = 80, MOST_BYTES = 200; // systems of files take 255 bytes for a name

// What a file is called: short, no path, and with something in it that is seen. A browser calls what has nothing of
// that kind "download". What is spelled in a key is in no name of a file.
export function nameOfFile(written, ending = "") {
    const name = written.replace(/(\\x[0-9a-f]{2})+|\\\\|\//g, "_");
    if (/^[_. ]*$/.test(name))
        return ((/^\.*$/.test(name) && words.download.dots[name.length - 1]) || words.download.nameless) + ending;
    const [, stem, suffix = ""] = /^([^]*?)(\.[^.]{1,16})?$/.exec(name);
    return cut(stem, LONGEST - suffix.length, MOST_BYTES) + suffix + ending;
}

// The path of what comes as a file of that name, whatever it was put with.
const named = (path, query, name) => `${path}?${query}download=${encodeURIComponent(name)}`;

// A browser tells the page nothing of a download that it is refused: so what is not there is asked for before.
export async function saveObject(store, key) {
    const open = await openUrl(store, key), name = nameOfFile(key.name);
    if (open === null)
        return save(named(key.path(store), "", name), name);
    await attributes(store, key);
    open.search += `${open.search ? "&" : ""}download=${encodeURIComponent(name)}`;
    return follow(open, name);
}

// A folder as one tar.
export async function saveArchive(store, prefix, name) {
    const path = named(`v1/stores/${store}/archive`, prefix ? `prefix=${percentEncode(prefix)}&` : "", name);
    if (hasToken())
        return save(path, name);
    await objects(store, { prefix, flat: true, limit: 1 });
    return follow(url(path), name);
}

// What one types for the same. The token stays where it is: it is no part of a line that is handed around.
export function curlLine(store, key) {
    const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
    const token = hasToken() ? "-H \"Authorization: Bearer $CAIRN_TOKEN\" " : "";
    const name = nameOfFile(key.name), file = name === "-" ? "./-" : name; // curl writes to the terminal for "-"
    return `curl -f ${token}-o ${quote(file)} ${quote(url(key.path(store)).href)}`;
}

export async function copyText(text) {
    if (navigator.clipboard) {
        await navigator.clipboard.writeText(text);
        return true;
    }
    return false; // over plain HTTP from elsewhere browsers have none
}
