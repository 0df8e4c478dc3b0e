// conflict.js - what is to be done where a key is taken: asked once, for all that came together.

import { calm } from "./calm.js";
import { choose } from "./dialog.js";
import { button, make, setText, show } from "./dom.js";
import { tell } from "./spelling.js";
import { words } from "./words.js";

const CHOICES = [["skip", words.conflict.skip, ""], ["both", words.conflict.both, ""],
    ["replace", words.conflict.replace, "danger"]];

// "skip", "both" or "replace"; null where nobody has decided. It comes to who looks on while objects are copied.
export const askConflict = (key, text) =>
    choose({ title: words.conflict.title(tell(key.shown)), text, choices: CHOICES });

// The same where somebody may be about other things: it stands among what it is about, takes no focus, and waits until
// somebody turns to it.
export class Question {
    #about = null;
    #answer = null;

    // left() gives the focus to something else, when it is answered; changed() comes when it asks, or does not any more.
    constructor({ left, changed }) {
        Object.assign(this, { left, changed });
        this.title = make("p", { id: "conflict" });
        this.buttons = CHOICES.map(([how, label, kind]) => button(label, { kind, onclick: () => this.#end(how) }));
        this.element = make("div", { class: "question", role: "group", "aria-labelledby": "conflict", hidden: true,
            onkeydown: (event) => this.#key(event) }, make("div", {}, this.title, make("p", {}, words.conflict.text)),
        make("div", { class: "buttons" }, ...this.buttons));
    }

    // What it asks about; null while it asks nothing.
    get about() {
        return this.#about;
    }

    // As above; undefined where that one is withdrawn.
    async ask(item) {
        this.#about = item;
        setText(this.title, words.conflict.title(tell(item.key.shown), item.store));
        show(this.element, true);
        this.changed();
        const answer = new Promise((resolve) => { this.#answer = resolve; });
        await calm(this.buttons);
        return answer;
    }

    withdraw(item) {
        if (item === this.#about)
            this.#end(undefined);
    }

    #key(event) {
        if (event.key !== "Escape")
            return;
        event.preventDefault();
        this.#end(null);
    }

    #end(how) {
        this.#about = null;
        if (this.element.contains(document.activeElement))
            this.left();
        show(this.element, false);
        this.changed();
        this.#answer(how);
    }
}
