// notice.js - what has happened, in a sentence: seen for a while, and spoken by screen readers.

import { button, make } from "./dom.js";
import { words } from "./words.js";

const SHOWN = 6000;
const polite = make("div", { class: "notices", role: "status" });
const loud = make("div", { class: "notices loud", role: "alert" });

export const places = [polite, loud];

function put(place, text, kept) {
    const line = make("p", { class: "notice" }, make("span", {}, text),
        button(words.notice.close, { icon: "close", kind: "bare", onclick: () => line.remove() }));
    while (place.children.length > 2)
        place.firstChild.remove();
    place.append(line);
    if (!kept)
        setTimeout(() => line.remove(), SHOWN);
}

export const say = (text) => put(polite, text, false);

// Of what went wrong; what was called off is no fault.
export function complain(error) {
    if (error.name !== "AbortError")
        put(loud, error.message, true);
}
