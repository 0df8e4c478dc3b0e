// combobox.js - a field of text, and below it what may be meant: of thousands those that have in them what is typed.
// What is typed counts, also where it is none of them.

import { VERBATIM, make, setText, show } from "./dom.js";
import { words } from "./words.js";

const SHOWN = 100;

export class Combobox {
    #active = -1; // among the options
    #typed = ""; // since it was opened: before, all are offered, whatever stands in the field

    // source: { names, complete }, which may grow; then it calls its `changed`.
    constructor({ id, ...properties }, source) {
        this.source = source;
        this.input = make("input", { id, type: "text", role: "combobox", "aria-expanded": "false",
            "aria-autocomplete": "list", "aria-controls": `${id}-list`, ...VERBATIM, ...properties, onclick: () => this.#open(), onblur: () => this.#shut(),
            onkeydown: (event) => this.#key(event), oninput: () => this.#type() });
        this.list = make("ul", { id: `${id}-list`, role: "listbox", "aria-label": words.combobox.list,
            onclick: ({ target }) => this.#take(target.closest("li")) });
        this.more = make("p", { class: "hint", role: "status" });
        this.below = make("div", { class: "below-it", hidden: true,
            onmousedown: (event) => event.preventDefault() }, this.list, this.more); // the field keeps the focus
        this.element = make("div", { class: "combobox" }, this.input, this.below);
        source.changed = () => this.#isOpen && this.#fill();
    }

    get #isOpen() {
        return !this.below.hidden;
    }

    #open(typed = "") {
        if (this.#isOpen && typed === this.#typed)
            return;
        this.#typed = typed;
        show(this.below, true);
        this.input.setAttribute("aria-expanded", true);
        this.#fill();
        this.list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
    }

    // What is typed counts from here on, and none that was marked before.
    #type() {
        this.#mark(-1);
        this.#open(this.input.value);
    }

    #shut() {
        show(this.below, false);
        this.input.setAttribute("aria-expanded", false);
        this.#mark(-1);
        setText(this.more, "");
    }

    // Those that begin so come first.
    #found() {
        const text = this.#typed.trim().toLowerCase(), { names } = this.source;
        const begins = names.filter((name) => name.startsWith(text));
        return text === "" ? names : [...begins, ...names.filter((name) => name.indexOf(text) > 0)];
    }

    // What is marked stays so, in whichever row it is by now.
    #fill() {
        const found = this.#found(), shown = found.slice(0, SHOWN);
        const marked = this.list.children[this.#active]?.textContent;
        this.list.replaceChildren(...shown.map((name, index) => make("li", { role: "option",
            id: `${this.list.id}-${index}`, "aria-selected": "false",
            "aria-current": name === this.input.value ? "true" : null }, name)));
        this.#mark(shown.indexOf(marked));
        setText(this.more, words.combobox.more(shown.length, found.length, this.source.complete));
    }

    #mark(index) {
        const options = this.list.children;
        options[this.#active]?.setAttribute("aria-selected", false);
        this.#active = index;
        options[index]?.setAttribute("aria-selected", true);
        options[index]?.scrollIntoView({ block: "nearest" });
        if (index < 0)
            this.input.removeAttribute("aria-activedescendant");
        else
            this.input.setAttribute("aria-activedescendant", options[index].id);
    }

    #take(option) {
        if (!option)
            return;
        this.input.value = option.textContent;
        this.input.dispatchEvent(new Event("input", { bubbles: true })); // as if it were typed
        this.#shut();
    }

    #key(event) {
        const { key } = event, last = this.list.children.length - 1;
        const isStep = key === "ArrowDown" || key === "ArrowUp", isOver = this.#isOpen && key === "Escape";
        const takes = this.#isOpen && key === "Enter" && this.#active >= 0;
        if (!isStep && !isOver && !takes)
            return;
        event.preventDefault(); // of the dialog it is in
        if (isOver)
            this.#shut();
        else if (takes)
            this.#take(this.list.children[this.#active]);
        else if (!this.#isOpen)
            this.#open();
        else
            this.#mark(key === "ArrowDown" ? Math.min(this.#active + 1, last) : Math.max(this.#active - 1, 0));
    }
}
