// key.js - a key is bytes: 1 to 1,024 of any kind, or nothing but a hash. Bytes are held in strings of one character
// each ("binary strings"): those compare bytewise, as the server orders them, and are cut like any string.

import { spell } from "./spelling.js";

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ASCII = /^[\0-\x7f]*$/;

export function bytesOfText(text) {
    return ASCII.test(text) ? text : Array.from(encoder.encode(text), (byte) => String.fromCharCode(byte)).join("");
}

// null where they are not valid UTF-8.
export function textOfBytes(bytes) {
    if (ASCII.test(bytes))
        return bytes;
    try {
        return strict.decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
    } catch {
        return null;
    }
}

// ---- as people see and write them ------------------------------------------------------------------

// Bytes that are text. A space is one only between two others: at an end, and beside another one, it would not be seen.
const TEXT = new RegExp("((?:[\\0-\\x1f!-\\x7f]|(?<=[^/ ]) (?=[^/])|[\\xc2-\\xdf][\\x80-\\xbf]|" +
    "\\xe0[\\xa0-\\xbf][\\x80-\\xbf]|[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}|\\xed[\\x80-\\x9f][\\x80-\\xbf]|" +
    "\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}|[\\xf1-\\xf3][\\x80-\\xbf]{3}|\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2})+)|[^]", "g");

const PLAIN = /^(?:[!-[\]-~]|(?<=[!-.0-~]) (?=[!-.0-~]))*$/;

const escape = (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`;

// Text in which a byte that is no text, or is not seen, is written \xNN, and a backslash twice. It leads back to the
// same bytes, so that any key can be typed.
export const write = (bytes) => PLAIN.test(bytes) ? bytes : bytes.replace(TEXT, (byte, text) =>
    text === undefined ? escape(byte) : spell(textOfBytes(text).replaceAll("\\", "\\\\")));

export function read(written) {
    return written.split(/(\\x[0-9a-fA-F]{2}|\\\\)/).map((part, index) => {
        if (index % 2 === 0)
            return bytesOfText(part);
        return part === "\\\\" ? "\\" : String.fromCharCode(parseInt(part.slice(2), 16));
    }).join("");
}

// ---- in URLs ---------------------------------------------------------------------------------------

export function percentEncode(bytes, kept = /[A-Za-z0-9_.~-]/) {
    return bytes.replace(/[^]/g, (byte) =>
        kept.test(byte) ? byte : `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

export function percentDecode(text) {
    return bytesOfText(text).replace(/%([0-9a-fA-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}

// Browsers take these out of paths, so that they are asked for by their hash alone.
export const isDots = (bytes) => bytes === "." || bytes === "..";

export const isHash = (text) => /^[0-9a-f]{16}$/.test(text);

const MOST = 1024; // bytes of a key

export const isKey = (bytes) => bytes.length >= 1 && bytes.length <= MOST;

// Whether a key may begin so.
export const isPrefix = (bytes) => bytes.length <= MOST;

// ---- keys ------------------------------------------------------------------------------------------

const SLASHED = /[A-Za-z0-9_.~/-]/;
const hasDots = (bytes) => bytes.split("/").some((part) => part === "." || part === "..");

export class Key {
    // bytes: null of an object that is known by its hash alone. hash: null of a key that the server has not shown yet.
    constructor(bytes, hash = null) {
        this.bytes = bytes;
        this.hash = hash;
    }

    // Of a member of an answer that shows a key.
    static of({ key, key_base64: base64, key_hash: hash }) {
        if (typeof key === "string")
            return new Key(bytesOfText(key), hash);
        return new Key(base64 ? atob(base64) : null, hash);
    }

    // What finds it again in a page: no two keys have the same.
    get id() {
        return this.bytes === null ? `#${this.hash}` : `/${this.bytes}`;
    }

    get shown() {
        return this.bytes === null ? `#${this.hash}` : write(this.bytes);
    }

    // As a member of a request: exactly one of key, key_base64, key_hash; with another prefix also of a target.
    json(name = "key") {
        if (this.bytes === null)
            return { [`${name}_hash`]: this.hash };
        const text = textOfBytes(this.bytes);
        return text === null ? { [`${name}_base64`]: btoa(this.bytes) } : { [name]: text };
    }

    // Browsers take . and .. out of paths, whether escaped or not, unless something else is in the same segment: then
    // the slashes are escaped, and of these two keys alone the hash is the only way.
    path(store) {
        if (this.bytes === null || isDots(this.bytes))
            return `v1/stores/${store}/hashes/${this.hash}`;
        return `v1/stores/${store}/objects/${percentEncode(this.bytes, hasDots(this.bytes) ? undefined : SLASHED)}`;
    }

    // "a/photo (2).jpg" for "a/photo.jpg".
    another(count) {
        const [, stem, suffix] = /^([^]*?)(\.[^./]*)?$/.exec(this.bytes);
        return new Key(/(^|\/)$/.test(stem) ? `${this.bytes} (${count})` : `${stem} (${count})${suffix ?? ""}`);
    }

    // The last part of it.
    get name() {
        return this.bytes === null ? this.hash : write(this.bytes.replace(/\/+$/, "").split("/").pop() || this.bytes);
    }
}
