// preview.js - what an object looks like: images, text, PDF, audio and video.
//
// Objects come with Content-Security-Policy: sandbox, so that a page among them runs no script. Images and media do not
// mind, and are asked for by a URL, in ranges as the browser likes. A PDF is shown from memory, and text from its
// bytes.

import { button, make, setText } from "./dom.js";
import { heldUrl, isInert, openUrl } from "./download.js";
import { attributes, bytes } from "./store.js";
import { faultOf, sentenceOf } from "./fault.js";
import * as format from "./format.js";
import { words } from "./words.js";

const PART = 64 << 10; // of a text at a time
const PDF = 64 << 20;

const TEXT = new RegExp("^(text/|application/" +
    "(json|xml|javascript|x-sh|x-yaml|yaml|toml|sql|x-ndjson|ld\\+json|[a-z.-]+\\+(json|xml))\\b)");
const TEXT_NAME = new RegExp("\\.(txt|md|csv|log|json|ya?ml|toml|ini|conf|c|h|cc|cpp|py|go|rs|js|mjs|ts|css|" +
    "html?|xml|sh|sql|diff|patch)$", "i");

// What kind of preview a type has; by the name where the type says nothing.
function kindOf(type, name) {
    const bare = (type ?? "").split(";")[0].trim().toLowerCase();
    for (const kind of ["image", "audio", "video"])
        if (bare.startsWith(`${kind}/`))
            return kind;
    if (bare === "application/pdf")
        return "pdf";
    if (TEXT.test(bare) || (["", "application/octet-stream"].includes(bare) && TEXT_NAME.test(name)))
        return "text";
    return null;
}

// The browser tells nothing of what it could not load: it may not be of its kind, and it may not be there any more.
async function tellWhy(store, key, signal, place) {
    const why = await attributes(store, key, signal).then(() => [words.preview.broken], faultOf);
    if (!signal.aborted)
        place.replaceChildren(...why);
}

// An element that loads what a URL leads to; where there is no such URL, the bytes are held in memory. So are those of a
// picture that is packed: browsers unpack a drawing to its end, however much it becomes.
async function medium(tag, { store, key, size, type, coded, signal }, place) {
    const open = tag === "img" && coded ? null : await openUrl(store, key);
    if (open === null && tag !== "img" && !isInert(type))
        throw new Error(words.preview.broken); // no sound comes from data:
    const held = open === null ? await heldUrl(store, key, size, type, signal) : null;
    const element = make(tag, tag === "img" ? { alt: words.preview.image(key.name) } :
        { controls: true, preload: "metadata", "aria-label": key.name });
    element.addEventListener("error", () => tellWhy(store, key, signal, place));
    element.src = open ?? held.url;
    place.replaceChildren(element);
    return () => {
        element.removeAttribute("src");
        held?.free();
    };
}

// A PDF may have scripts, which run as soon as it is shown, and ask for things as if the page did. So it is shown when
// somebody wants it.
async function pdf({ store, key, size, signal }, place) {
    if (size > PDF)
        throw new Error(words.download.tooLarge(format.bytes(PDF)));
    let free = () => {};
    const open = async () => {
        place.textContent = words.preview.loading;
        place.focus(); // the button is gone
        const held = await heldUrl(store, key, size, "application/pdf", signal);
        ({ free } = held);
        place.replaceChildren(make("iframe", { src: held.url, title: words.preview.pdf(key.name) }));
    };
    const failed = (error) => error.name !== "AbortError" && place.replaceChildren(...faultOf(error));
    place.replaceChildren(make("p", { class: "hint" }, words.preview.pdfMay),
        button(words.preview.showPdf, { onclick: () => open().catch(failed) }));
    return () => free();
}

function charset(type) {
    const found = /charset="?([^\s;"]+)/i.exec(type ?? "");
    try {
        return new TextDecoder(found?.[1] ?? "utf-8");
    } catch {
        return new TextDecoder();
    }
}

// Each call reads a part of the bytes, and tells whether it is the last. All are of the object that the first one is of.
function ranged(store, key, size, signal) {
    let from = 0, etag = null;
    return async () => {
        const range = [from, Math.min(from + PART, size) - 1];
        const answer = await bytes(store, key, { range, etag, signal });
        etag ??= answer.headers.get("ETag");
        const part = new Uint8Array(await answer.arrayBuffer());
        from += part.length;
        return { part, ended: from >= size };
    };
}

// Of what is packed there are no ranges, and a little may become a lot: it is unpacked no further than it is shown.
function unpacked(reader) {
    return async () => {
        const got = [];
        let length = 0, ended = false;
        while (length < PART && !ended) {
            const { done, value } = await reader.read();
            ended = done;
            if (done)
                break;
            got.push(value);
            length += value.length;
        }
        return { part: new Uint8Array(await new Blob(got).arrayBuffer()), ended };
    };
}

async function text({ store, key, size, type, coded, signal }, place) {
    const decoder = charset(type), shown = make("pre", { tabindex: 0, "aria-label": words.preview.text(key.name) });
    const next = button(words.preview.more, { onclick: () => more().catch((error) => setText(next, sentenceOf(error))) });
    const read = coded || !size ? unpacked((await bytes(store, key, { signal })).body.getReader()) :
        ranged(store, key, size, signal);
    const more = async () => {
        const { part, ended } = await read();
        shown.append(decoder.decode(part, { stream: !ended }));
        if (ended && document.activeElement === next)
            shown.focus();
        next.hidden = ended;
    };
    await more();
    place.replaceChildren(shown, next);
    return () => {};
}

const MAKERS = { image: (object, place) => medium("img", object, place),
    audio: (object, place) => medium("audio", object, place),
                 video: (object, place) => medium("video", object, place), pdf, text };

// Fills `place` with the preview of { store, key, size, type, coded, signal }. Answers what ends it.
export async function preview(object, place) {
    const kind = kindOf(object.type, object.key.name);
    place.className = `preview ${kind ?? "none"}`;
    if (kind === null) {
        place.textContent = words.preview.none;
        return () => {};
    }
    place.textContent = words.preview.loading;
    try {
        return await MAKERS[kind](object, place);
    } catch (error) {
        if (error.name !== "AbortError")
            place.replaceChildren(...faultOf(error));
        return () => {};
    }
}
