// Scenes of ranges: from one key to another, whatever comes and goes in the list until they are selected.

import { ask, batch } from "./stage.mjs";
import { Visitor } from "./visitor.mjs";

const MANY = 1100; // more than a page of the listing
const HEIGHT = 36;
const keyOf = (i) => `o${String(i).padStart(5, "0")}${i % 50 === 40 ? "/in" : ""}`; // some are in a folder
const nameOf = (i) => keyOf(i).replace("/in", "/");
const keysOf = async (server, store) => (await ask(server, "GET", `/v1/stores/${store}/objects`,
    { headers: { Accept: "application/x-ndjson" } })).split("\n").filter(Boolean).map((line) => JSON.parse(line).key);

async function fill(server, store) {
    await ask(server, "PUT", `/v1/stores/${store}`);
    await batch(server, store, Array.from({ length: MANY }, (_, i) => ({ op: "put", key: keyOf(i), data: "eA==" })));
}

const clear = (server, store) => ask(server, "DELETE", `/v1/stores/${store}?force=true`);

// As far as the list goes by then, until that row is there.
async function scrollTo(v, i) {
    await v.page.waitForFunction(([top, name]) => {
        const grid = document.querySelector("main [role=grid]"), there = document.querySelectorAll("main .rows .text");
        grid.scrollTop = top;
        return [...there].some(({ textContent }) => textContent === name);
    }, [Math.max(0, i - 4) * HEIGHT, nameOf(i)], { polling: 100 });
}

const box = (v, i) => v.row(nameOf(i)).getByRole("checkbox");
const chosen = (v) => v.main.locator(".chosen");
const answered = (v) => v.page.waitForResponse(/\/objects\?/);

async function refreshed(v) {
    await Promise.all([answered(v), v.button("Refresh").click()]);
    await v.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300))); // drawn, and what that asks for
}

async function byMouse(v, from, to, change) {
    await scrollTo(v, from);
    await box(v, from).click();
    await scrollTo(v, to);
    await change();
    await box(v, to).click({ modifiers: ["Shift"] });
}

// To the end, or to the beginning.
async function byKeyboard(v, from, to, change) {
    await scrollTo(v, from);
    await v.row(nameOf(from)).click({ modifiers: ["Control"] }); // it is active, and selected no more
    await v.row(nameOf(from)).click({ modifiers: ["Control"] });
    await scrollTo(v, to);
    await change();
    await v.grid.focus();
    await v.page.keyboard.press(to === 0 ? "Shift+Home" : "Shift+End");
}

// Three that come behind one.
const behind = (i) => [1, 2, 3].map((n) => ({ op: "put", key: `${keyOf(i)}-${n}`, data: "eA==" }));
const gone = (i, count) => Array.from({ length: count }, (_, n) => ({ op: "delete", key: keyOf(i + n) }));

// Whether just what lies between the two keys is selected, and goes.
async function holds({ checks, v, store, first, last }) {
    const keys = await keysOf(v.server, store), within = (key) => key >= keyOf(first) && key <= keyOf(last);
    const entries = keys.filter(within).length.toLocaleString("en-GB");
    const isTold = await chosen(v).getByText(`${entries} entries selected`).waitFor({ timeout: 15000 })
        .then(() => true, () => false);
    checks.check(`${store}: as many are selected as lie between the two keys`, isTold,
        [entries, await chosen(v).locator("p").textContent()]);
    await v.button("Delete", chosen(v)).click();
    await v.dialog.getByRole("button", { name: "Delete" }).click();
    await v.dialog.waitFor({ state: "detached", timeout: 120000 });
    const left = await keysOf(v.server, store), kept = keys.filter((key) => !within(key));
    checks.check(`${store}: and these are gone, and no others`, left.join() === kept.join(),
        { gone: kept.filter((key) => !left.includes(key)), there: left.filter(within).slice(0, 9) });
}

// From one key to another, by the mouse and by the keyboard, in each direction, after the list was renewed.
export async function renewed({ checks, browser, server }) {
    const v = await Visitor.arrive(browser, server);
    for (const [store, change, from, to, reach] of [
        ["more-in-front", [...behind(3), ...gone(985, 30)], 20, 1090, byMouse],
        ["fewer-in-front", [...gone(0, 3), ...behind(1091)], 1090, 20, byMouse],
        ["begun-with-a-key", [...behind(3), ...gone(20, 1)], 20, MANY - 1, byKeyboard],
        ["to-the-beginning", behind(1050), 1040, 0, byKeyboard]]) {
        await fill(server, store);
        await v.go(`#/store/${store}/objects/`);
        await v.row(nameOf(0)).waitFor();
        await reach(v, from, to, async () => {
            await batch(server, store, change);
            await refreshed(v);
        });
        await holds({ checks, v, store, first: Math.min(from, to), last: Math.max(from, to) });
        await clear(server, store);
    }
    await v.leave();
}

// Nothing is selected any more when somebody says so while a range is read; a range begins in the folder that is shown;
// and all is all.
export async function hurried({ checks, browser, server }) {
    await fill(server, "hurried");
    await batch(server, "hurried", [{ op: "put", key: "a/one", data: "eA==" }]);
    const v = await Visitor.arrive(browser, server, { place: "#/store/hurried/objects/" }), held = [];
    let isHeld = true;
    await scrollTo(v, 20);
    await box(v, 20).click();
    await scrollTo(v, 1090);
    const isFirst = (url) => url.pathname.endsWith("/objects") && !url.searchParams.has("cursor");
    await v.page.route(isFirst, (route) => isHeld ? held.push(route) : route.continue());
    await refreshed(v);
    await box(v, 1090).click({ modifiers: ["Shift"] });
    await v.grid.focus();
    await v.page.keyboard.press("Escape");
    while (held.length === 0)
        await new Promise((resolve) => setTimeout(resolve, 20)); // between two looks
    isHeld = false;
    await Promise.all(held.map((route) => route.continue()));
    await v.page.waitForTimeout(1000); // nothing is to come
    checks.check("who has said so meanwhile has nothing selected", await chosen(v).isHidden(),
        await chosen(v).locator("p").textContent());
    await v.page.keyboard.press("Control+a");
    const all = await chosen(v).getByText("1,101 entries selected").waitFor({ timeout: 15000 })
        .then(() => true, () => false);
    checks.check("all are all", all, await chosen(v).locator("p").textContent());
    await v.go("#/store/hurried/objects/a/");
    await v.row("one").getByRole("checkbox").click();
    await v.go("#/store/hurried/objects/");
    await v.row(nameOf(9)).waitFor();
    await box(v, 9).click({ modifiers: ["Shift"] });
    await v.page.waitForTimeout(500); // nothing is to come
    const carried = await chosen(v).locator("p").textContent();
    checks.check("a range does not begin in another folder", carried.startsWith("1 entry selected"), carried);
    await v.leave();
    await clear(server, "hurried");
}

// Copies that ask one after the other: who stops them is asked no more.
export async function stopped({ checks, browser, server }) {
    const names = [0, 1, 2, 3, 4, 5].map(String), keys = (prefix) => names.map((name) => prefix + name);
    await ask(server, "PUT", "/v1/stores/stopped");
    await batch(server, "stopped", [...keys(""), ...keys("b/")].map((key) => ({ op: "put", key, data: "eA==" })));
    const v = await Visitor.arrive(browser, server, { place: "#/store/stopped/objects/" });
    for (const name of names)
        await v.row(name).getByRole("checkbox").click();
    await v.button("Copy to…", chosen(v)).click();
    await v.dialog.getByRole("textbox", { name: "Into the folder" }).fill("b/");
    await v.dialog.getByRole("button", { name: "Copy" }).click();
    await v.page.locator("dialog button:has-text('Skip them'):enabled").waitFor();
    await v.page.waitForTimeout(500); // all three ask by now
    await v.page.keyboard.press("Escape");
    await v.page.waitForTimeout(500); // nothing is to come
    const left = await v.page.locator("dialog h2").allTextContents();
    checks.check("who stops it is asked no more", left.length === 1, left);
    await v.dialog.getByRole("alert").filter({ hasText: "Stopped: 0 of 6" }).waitFor();
    await v.leave();
    await clear(server, "stopped");
}
