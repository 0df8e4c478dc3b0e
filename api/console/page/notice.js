// notice.js - what has happened, in a sentence: seen for a while, and spoken by screen readers when they are at rest.
// There are a few at most, and what happens again is counted.

import { button, make, setText, toHeading } from "./dom.js";
import { faultOf, sentenceOf } from "./fault.js";
import { words } from "./words.js";

const SHOWN = 6000;
const MOST = 4;
const shown = []; // from the oldest to the newest

export const place = make("section", { class: "notices", "aria-live": "polite", "aria-label": words.notice.list });

class Notice {
    #count = 1;
    #timer = null;

    // A fault stays until somebody has dismissed it.
    constructor(text, children, isFault) {
        Object.assign(this, { text, isFault });
        this.times = make("span", { class: "times" });
        this.element = make("div", { class: `notice${isFault ? " fault-told" : ""}` },
            make("div", { class: "what" }, ...children), this.times,
            button(words.notice.close, { icon: "close", kind: "bare", onclick: () => this.dismiss() }));
        this.#begin();
    }

    #begin() {
        clearTimeout(this.#timer);
        const isLookedAt = () => this.element.matches(":hover, :focus-within");
        if (!this.isFault)
            this.#timer = setTimeout(() => isLookedAt() ? this.#begin() : this.remove(), SHOWN);
    }

    again() {
        setText(this.times, words.notice.times(++this.#count));
        this.#begin();
    }

    remove() {
        clearTimeout(this.#timer);
        shown.splice(shown.indexOf(this), 1);
        this.element.remove();
    }

    // By somebody, whose focus goes to the next one, or to where the page begins.
    dismiss() {
        const hadFocus = this.element.contains(document.activeElement);
        this.remove();
        if (hadFocus && shown.length > 0)
            shown.at(-1).element.querySelector("button.bare").focus();
        else if (hadFocus)
            toHeading();
    }
}

function put(text, children, isFault) {
    const known = shown.find((notice) => notice.text === text && notice.isFault === isFault);
    if (known) {
        known.again();
        return;
    }
    if (shown.length === MOST)
        (shown.find((notice) => !notice.isFault) ?? shown[0]).remove();
    const notice = new Notice(text, children, isFault);
    shown.push(notice);
    place.append(notice.element);
}

export const say = (text) => put(text, [text], false);

// Of what went wrong; what was called off is no fault.
export function complain(error) {
    if (error.name !== "AbortError")
        put(sentenceOf(error), faultOf(error), true);
}

// Escape dismisses the newest, where it has nothing nearer to close.
addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]"))
        shown.at(-1)?.dismiss();
});
