// dom.js - elements, made by calls. There is no markup in strings anywhere, so no key or name can become any.

const MARKED = /\u2068((?:[^\u2068\u2069]|\u2068[^\u2069]*\u2069)*)\u2069/; // one may be within another

// Text in which parts that stand for themselves are marked (spelling.js): the marks become elements.
const partsOf = (text) => typeof text !== "string" || !text.includes("\u2068") ? [text] :
    text.split(MARKED).map((part, index) => index % 2 === 0 ? part : make("bdi", {}, part));

// make("button", { class: "plain", onclick: go }, "Go", icon): names that begin with "on" are listeners, those that the
// element has as properties are set as such, all others are attributes. What is null or false is left out.
export function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
        if (name.startsWith("on"))
            element.addEventListener(name.slice(2), value);
        else if (name === "class")
            element.className = value;
        else if (name in element && typeof value === "boolean")
            element[name] = value;
        else if (value !== null && value !== undefined && value !== false)
            element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined && child !== false)
        .flatMap(partsOf));
    return element;
}

// Of fields in which names and keys are typed: as they are, and by nobody else.
export const VERBATIM = { spellcheck: "false", autocapitalize: "off", autocomplete: "off" };

// Texts that change are set only when they have: a live region would speak again.
export function setText(element, text) {
    if (element.textContent !== text.replace(/[\u2068\u2069]/g, ""))
        element.replaceChildren(...partsOf(text));
}

export function show(element, shown) {
    if (element.hidden === shown)
        element.hidden = !shown;
}

// Where the focus goes when what had it is gone: to where the page begins, or what lies on it.
export function toHeading() {
    const headings = [...document.querySelectorAll("main :is(h1, h2)[tabindex]")];
    headings.find((heading) => {
        if (getComputedStyle(heading.parentElement).visibility === "visible") // else an object covers it
            heading.focus();
        return heading === document.activeElement; // none that is not seen
    });
}

const SVG = "http://www.w3.org/2000/svg";

export function draw(tag, attributes = {}, ...children) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes))
        element.setAttribute(name, value);
    element.append(...children);
    return element;
}

// The icons are strokes on a field of 16 by 16.
const icons = {
    archive: "M2.5 3h11v3h-11zM3.5 6v7h9V6M6.5 8.5h3",
    close: "M4 4l8 8M12 4l-8 8",
    copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
    download: "M8 2.5v8M4.5 7L8 10.5 11.5 7M3 13.5h10",
    file: "M4 1.5h5l3.5 3.5v9.5H4zM9 1.5V5h3.5",
    folder: "M1.5 13V3.5h4.5l1.5 2h7V13z",
    folderUp: "M1.5 13V3.5h4.5l1.5 2h7V13zM8 11.5v-4M6.2 9.3L8 7.5l1.8 1.8",
    info: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 7.2v3.6M8 4.9v.6",
    link: "M6.5 9.5l3-3M7 4.5l1.5-1.5a3 3 0 0 1 4.5 4.5L11.5 9M9 11.5L7.5 13A3 3 0 0 1 3 8.5L4.5 7",
    pause: "M5.5 3v10M10.5 3v10",
    play: "M5 3l8 5-8 5z",
    rename: "M2.5 13.5l.5-3 7.5-7.5 2.5 2.5L5.5 13zM9 4.5L11.5 7",
    refresh: "M13 8a5 5 0 1 1-1.5-3.5M13 2v3h-3",
    search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.5 10.5L14 14",
    store: "M2.5 4c0-1 2.5-2 5.5-2s5.5 1 5.5 2-2.5 2-5.5 2-5.5-1-5.5-2zM2.5 4v8c0 1 2.5 2 5.5 2s5.5-1 5.5-2V4M2.5 8c0 1 2.5 2 5.5 2s5.5-1 5.5-2",
    terminal: "M1.5 3h13v10h-13zM4 6l2 2-2 2M8 10h4",
    trash: "M2.5 4h11M6 4V2.5h4V4M4 4l.5 9.5h7L12 4M6.5 6.5v4.5M9.5 6.5v4.5",
    upload: "M8 10.5v-8M4.5 6L8 2.5 11.5 6M3 13.5h10",
    retry: "M3 8a5 5 0 1 0 1.5-3.5M3 2v3h3",
    limits: "M2 5h7M12 5h2M2 11h2M7 11h7M9 3v4M4.5 9v4",
    plus: "M8 3v10M3 8h10",
};

export function icon(name) {
    return draw("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" },
        draw("path", { d: icons[name] }));
}

// A button with an icon and a label; where there is no room for the label, it is the name of the button all the same.
export function button(label, { icon: name, kind = "", ...properties } = {}) {
    return make("button", { type: "button", class: kind, title: kind.includes("bare") ? label : null,
        "aria-label": kind.includes("bare") ? label : null, ...properties },
    name ? icon(name) : null, kind.includes("bare") ? null : make("span", {}, label));
}

// Waits for nothing more than that the page has been drawn once more.
export const nextFrame = () => new Promise(requestAnimationFrame);

// Calls at most once per frame, with the newest of the arguments.
export function perFrame(call) {
    let asked = false;
    return () => {
        if (asked)
            return;
        asked = true;
        requestAnimationFrame(() => {
            asked = false;
            call();
        });
    };
}
