// dialog.js - questions that come in front of the page. The browser keeps the focus in them, and gives it back. One of
// them stands in front of all others: those that come meanwhile wait until it is answered.

import { calm } from "./calm.js";
import { Combobox } from "./combobox.js";
import { VERBATIM, button, make, setText, show, toHeading } from "./dom.js";
import { faultOf } from "./fault.js";
import { words } from "./words.js";

let fields = 0;
let foremost = Promise.resolve(null);

// The answer to the question that stands in front of all others, or to the last one that did.
export const answerInFront = () => foremost;

// Shows a dialog as soon as none stands in front of all others, unless it does so itself. begun() comes when it is
// there, and the promise is kept when it is closed. Where what had the focus before is gone by then, the page has it.
// byItself: nobody has just asked for it. Then no control has the focus, and none can be used until all is calm.
async function present(dialog, { inFront = false, byItself = false, begun = () => {} }) {
    document.body.append(dialog);
    for (let seen = null; !inFront && seen !== foremost;)
        await (seen = foremost); // another one may have come meanwhile
    const opener = document.activeElement;
    const closed = new Promise((resolve) => dialog.addEventListener("close", resolve));
    const calmed = byItself && wait(dialog);
    dialog.showModal();
    begun(calmed);
    await closed;
    dialog.remove();
    if (!opener.isConnected)
        toHeading();
}

function wait(dialog) {
    const abort = new AbortController();
    dialog.addEventListener("keydown", (event) => event.key === "Escape" && event.preventDefault(),
        { signal: abort.signal });
    return calm(dialog.querySelectorAll("button, input")).then(() => abort.abort());
}

function option([value, label], chosen) {
    return make("option", { value, selected: value === chosen }, label);
}

// field: { name, label, type: text, select, check, secret or suggested, value, options: [[value, label]], source: see
// combobox.js, begin(signal): called when it is there, hint, hidden, fleeting: it is hidden again, and not checked, as
// soon as another one has another value, readonly }
function makeField({ name, label, type = "text", value = "", options, source, begin = () => {}, hint, hidden = false,
    fleeting = false, readonly = false }) {
    const id = `field-${++fields}`, described = hint ? `${id}-hint` : null;
    const common = { id, name, "aria-describedby": described };
    let control, whole;
    if (type === "select")
        control = make("select", common, ...options.map((one) => option(one, value)));
    else if (type === "check")
        control = make("input", { ...common, type: "checkbox", checked: Boolean(value) });
    else if (type === "suggested")
        ({ input: control, element: whole } = new Combobox({ ...common, value }, source));
    else
        control = make("input", { ...common, type: type === "secret" ? "password" : "text", value,
            readonly: readonly ? "" : null, ...VERBATIM });
    const parts = [make("label", { for: id }, label), whole ?? control];
    const element = make("div", { class: `field ${type}` }, ...(type === "check" ? parts.reverse() : parts),
        hint ? make("p", { class: "hint", id: described }, hint) : null);
    element.hidden = hidden;
    return { name, type, control, element, begin, fleeting };
}

const valueOf = ({ type, control }) => type === "check" ? control.checked : control.value;

// What is typed first: what has to be chosen, or else a text that may be another one.
function firstOf(made) {
    const isText = ({ element, type }) => !element.hidden && type === "text";
    const isOpen = ({ control, type }) => type === "suggested" && control.value === "";
    return (made.find(isOpen) ?? made.find(isText))?.control;
}

// What was said of other values counts no longer.
function forget(made, changed) {
    for (const { control, element } of made.filter(({ control: one, fleeting }) => fleeting && one !== changed)) {
        control.checked = false;
        element.hidden = true;
    }
}

const paragraphs = (text) => [text].flat().map((line) => typeof line === "string" ? make("p", {}, line) : line);

// Asks, and answers what `work` has made of the values, or null when it was called off. While it works the dialog
// stays; what goes wrong is said in it. When it is closed meanwhile the work is told so by its signal, and what it has
// made all the same is the answer. work(values, { say, reveal, signal }). inFront: of all others, also of those to come.
// byItself: see present(); then its first field has the focus.
export function ask({ inFront = false, ...question }) {
    const answer = askOne(question, inFront);
    if (inFront)
        foremost = answer;
    return answer;
}

async function askOne({ title, text = [], fields: described = [], submit, cancel = words.dialog.cancel,
    kind = "primary", wide = false, byItself = false, work = (values) => values }, inFront) {
    const made = described.map(makeField), abort = new AbortController();
    const fault = make("div", { class: "fault", role: "alert", hidden: true });
    const state = make("p", { class: "hint", role: "status" });
    const send = submit ? make("button", { class: kind, type: "submit" }, submit) : null;
    const title_id = `dialog-${++fields}`;
    const form = make("form", { method: "dialog" }, make("h2", { id: title_id }, title),
        ...paragraphs(text),
            ...made.map((field) => field.element), state, fault,
        make("div", { class: "buttons" }, button(cancel, { onclick: () => dialog.close() }), send));
    const dialog = make("dialog", { "aria-labelledby": title_id, class: wide ? "wide" : "" }, form);
    const tools = { signal: abort.signal, say: (line) => setText(state, line),
                    reveal: (name) => { made.find((field) => field.name === name).element.hidden = false; } };
    let working = null;
    form.addEventListener("input", ({ target }) => forget(made, target));
    form.addEventListener("submit", async (event) => {
        event.preventDefault();
        const focused = document.activeElement; // what is disabled loses it
        send.disabled = true;
        show(fault, false);
        try {
            const begun = work(Object.fromEntries(made.map((field) => [field.name, valueOf(field)])), tools);
            working = Promise.resolve(begun).catch(() => null);
            await begun;
            dialog.close();
        } catch (error) {
            working = null;
            fault.replaceChildren(...faultOf(error));
            show(fault, dialog.open);
        } finally {
            send.disabled = false;
            if (dialog.open && document.activeElement === document.body)
                focused.focus();
        }
    });
    await present(dialog, { inFront, byItself, begun: async (calmed) => {
        await calmed;
        const first = byItself ? made[0].control : firstOf(made);
        first?.focus();
        first?.select();
        made.forEach(({ begin }) => begin(abort.signal));
    } });
    abort.abort();
    return working;
}

// Asks by itself for one of several ways to go on; null where nobody chose. choices: [[value, label, kind]].
export async function choose({ title, text, choices }) {
    const id = `dialog-${++fields}`, dialog = make("dialog", { "aria-labelledby": id });
    let chosen = null;
    const buttons = choices.map(([value, label, kind]) => button(label, { kind, onclick: () => {
        chosen = value;
        dialog.close();
    } }));
    dialog.append(make("form", { method: "dialog", onsubmit: (event) => event.preventDefault() },
        make("h2", { id }, title), ...paragraphs(text), make("div", { class: "buttons" }, ...buttons)));
    await present(dialog, { byItself: true });
    return chosen;
}
