// main.js - the page: which view is shown, and who looks at it.

import { Browse } from "./browse.js";
import { ask } from "./dialog.js";
import { button, make, setText, show, toHeading } from "./dom.js";
import { Feed } from "./feed.js";
import { Live } from "./live.js";
import { complain, place } from "./notice.js";
import * as router from "./router.js";
import * as session from "./session.js";
import { StoresView } from "./stores.js";
import { uploads } from "./upload.js";
import { words } from "./words.js";

const main = document.querySelector("main");
const who = document.querySelector("#who");
const VIEWS = { stores: StoresView, objects: Browse, changes: Feed, live: Live };

let view = null;
let shown = null; // the place whose view that is

const isSame = (one, other) => one !== null && one.view === other.view && one.store === other.store;

function arrive(place) {
    if (!isSame(shown, place)) {
        view?.close();
        view = new VIEWS[place.view](place);
        main.replaceChildren(view.element);
    }
    const moved = shown !== null && !isSame(shown, place);
    shown = place;
    view.arrive(place);
    document.title = words.title(view.title);
    for (const link of document.querySelectorAll("#views a"))
        link.toggleAttribute("data-here", link.dataset.view === (place.store ? "stores" : place.view));
    if (moved)
        toHeading();
}

// ---- who --------------------------------------------------------------------------------------------

let asking = false;

// Asks for a token until one is known or the question is called off. What is under way meanwhile stays: uploads go on.
async function signIn(byItself = false) {
    if (asking)
        return;
    asking = true;
    const done = await ask({ inFront: true, byItself, title: words.session.title, text: words.session.text,
        submit: words.session.submit, fields: [{ name: "token", label: words.session.token, type: "secret" }],
        work: async ({ token }, { signal }) => {
            if (!await session.signIn(token.trim(), signal))
                throw new Error(words.session.unknown);
            return true;
        } });
    asking = false;
    if (!done)
        return;
    startAnew();
    uploads.queue.known();
}

// Uploads end by it: so somebody is asked while the token is still there.
async function signOut() {
    if (uploads.queue.isUnfinished && await ask({ title: words.session.leave, text: words.session.leaveText,
        submit: words.session.out, kind: "danger", work: () => true }) === null)
        return;
    uploads.left = true;
    session.signOut();
    location.reload();
}

function tellWho() {
    setText(who, session.who() ?? "");
    who.nextElementSibling?.remove();
    if (session.isSignedIn())
        who.after(button(words.session.out, { onclick: () => signOut().catch(complain) }));
    else if (!session.isOpen())
        who.after(button(words.session.in, { onclick: () => signIn() }));
    show(document.querySelector("#views [data-view=live]"), session.maySeeServer());
}

let looking = false;

// Something was refused: what the token may do may be something else by now.
async function lookAgain() {
    if (looking)
        return;
    looking = true;
    if (await session.renew().finally(() => { looking = false; }))
        startAnew();
}

let started = false;

function start() {
    tellWho();
    shown = null;
    if (started)
        arrive(router.here());
    else
        router.follow(arrive);
    started = true;
}

// What had the focus may be gone by it.
function startAnew() {
    start();
    if (document.activeElement === document.body)
        toHeading();
}

function dress() {
    for (const element of document.querySelectorAll("[data-word]"))
        setText(element, words.views[element.dataset.word]);
    document.querySelector(".skip").textContent = words.skip;
    document.querySelector(".skip").addEventListener("click", (event) => {
        event.preventDefault();
        toHeading();
    });
    document.body.append(place, uploads.element);
}

async function begin() {
    dress();
    session.begin(() => signIn(true), () => lookAgain().catch(() => {}));
    if (!await session.enter()) {
        main.replaceChildren(make("section", { class: "welcome" }, make("h1", { tabindex: -1 }, words.session.title),
            make("p", {}, words.session.text), button(words.session.in, { kind: "primary", onclick: () => signIn() })));
        return;
    }
    start();
}

begin().catch(complain);
