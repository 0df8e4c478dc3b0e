// spelling.js - text that somebody else has chosen, such as a key, written so that one sees what it is: what is not
// seen is spelled, what is too long is shortened, and what runs from right to left stays within its part.

// What has no picture of its own: controls, marks that only change what is around them, fillers, spaces that are not
// the one on the keyboard, and characters that are nobody's yet, or of whoever likes. Signs of Arabic and its kin that
// are called marks and have a picture are none of these.
const UNSEEN = new RegExp("^[\\p{Cc}\\p{Cn}\\p{Co}\\p{Cs}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}" +
    "\\u2800\\u{16fe4}\\u{1d159}[\\p{Zs}--\\x20]" +
    "[\\p{Cf}--[\\u0600-\\u0605\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u{110bd}\\u{110cd}]]]$", "v");

// An emoji may be several characters, joined by some that are not seen: as such it is one picture.
const PICTURES = /\p{RGI_Emoji}|[^]/gv;

const bytewise = (text) => Array.from(new TextEncoder().encode(text), (byte) =>
    `\\x${byte.toString(16).padStart(2, "0")}`).join("");

// What is not seen is written \xNN, byte by byte.
export const spell = (text) => text.replace(PICTURES, (picture) => UNSEEN.test(picture) ? bytewise(picture) : picture);

const graphemes = new Intl.Segmenter();

const split = (text) => Array.from(graphemes.segment(text), ({ segment }) => segment);

const lengthOf = (text) => new TextEncoder().encode(text).length;

// Its first characters, at most so many and of so many bytes, and never a part of one.
export function cut(text, most, bytes = Infinity) {
    let left = bytes;
    return split(text).slice(0, most).filter((part) => (left -= lengthOf(part)) >= 0).join("");
}

const TOLD = 60;

// Without its middle: names differ at their beginnings and at their ends.
export function shorten(text, most = TOLD) {
    const parts = text.length <= most ? [] : split(text), head = Math.ceil(most * 0.6);
    return parts.length <= most ? text :
        `${parts.slice(0, head).join("")}…${parts.slice(head + 1 - most).join("")}`;
}

const FROM_RIGHT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

const SPELLED = /(\\x[0-9a-f]{2}|\\\\)+/g;

const mark = (part) => `\u2068${part}\u2069`;

// Each part of a path that runs from right to left is marked as one that stands for itself (U+2068, U+2069), so that no
// two of them change places over the slash. So is within it what is spelled, which is read from left to right. dom.js
// makes elements of the marks. What is spelled has none of its own.
export const isolate = (path) => FROM_RIGHT.test(path) ? path.replace(/[^/]+/g, (part) =>
    FROM_RIGHT.test(part) ? mark(part.replace(SPELLED, mark)) : part) : path;

// As it stands in a heading or a sentence.
export const tell = (path, most = TOLD) => isolate(shorten(path, most));
