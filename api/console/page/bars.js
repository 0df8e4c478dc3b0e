// bars.js - a share of something as a bar, with the words for who does not see it.

import { make } from "./dom.js";

// share: 0 to 1, or null where there is none. kind: "quota" warns from 80 % on, "dead" from a half on.
export function makeBar(kind) {
    const fill = make("span", { class: "fill" });
    const track = make("span", { class: `bar ${kind}`, "aria-hidden": "true" }, fill);
    const label = make("span", { class: "label" });
    return { element: make("span", { class: "measure" }, label, track), fill, track, label };
}

const WARNS = { quota: 0.8, dead: 0.5 };

export function setBar(bar, kind, share, text) {
    bar.label.textContent = text;
    bar.track.hidden = share === null;
    bar.fill.style.width = `${100 * Math.min(1, Math.max(0, share ?? 0))}%`;
    bar.track.classList.toggle("warns", share !== null && share >= WARNS[kind]);
}
