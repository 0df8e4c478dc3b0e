// Scenes of looking on: plots, the feed of a store, and a list without an end.

import { ask, batch, put } from "./stage.mjs";
import { Visitor } from "./visitor.mjs";

// Of a plot, the words of its legend.
const legend = (v, title) => v.main.locator("figure",
    { has: v.page.getByRole("heading", { name: title, exact: true }) }).locator("dl");

export async function plots({ checks, visitor: v }) {
    await v.go("#/live");
    await legend(v, "Requests a second").getByText(/^\d/).first().waitFor();
    const titles = await v.main.locator("figure h2").allTextContents();
    checks.check("each is there", ["Requests a second", "Bytes a second", "Time of an answer",
        "Commits and writes a second", "Size of a commit",
        "Time of a sync", "Disk"].every((title) => titles.includes(title)), titles);
    let busy = true;
    const load = (async () => {
        for (let i = 0; busy; i++)
            await put(v.server, "s", `load/${i % 50}`, "x".repeat(2000));
    })();
    await legend(v, "Requests a second").getByText(/^([5-9]|\d\d+)/).first().waitFor();
    await legend(v, "Size of a commit").getByText(/B$/).first().waitFor();
    await legend(v, "Time of a sync").getByText(/s$/).first().waitFor();
    await v.page.waitForFunction(() => /L/.test(document.querySelector(".plot .line.c2").getAttribute("d")));
    const field = v.main.getByRole("slider", { name: "Requests a second" });
    await field.focus();
    await v.page.keyboard.press("ArrowLeft");
    const told = await field.getAttribute("aria-valuetext");
    checks.check("a plot is read by keys, too", /^\d\d:\d\d:\d\d: read \d.*, write \d/.test(told), told);
    await v.picture("live");
    await v.go("#/store/s/live");
    await legend(v, "Commits and writes a second").getByText(/^[1-9]/).first().waitFor();
    await legend(v, "Objects").getByText(/^[1-9]/).first().waitFor();
    await legend(v, "Size of a commit").getByText(/[1-9].*B$/).first().waitFor();
    await v.main.getByRole("link", { name: "in the plots of the server" }).click();
    await legend(v, "Time of a sync").waitFor();
    checks.check("a store's plots say where those are that all stores have together", true);
    busy = false;
    await load;
}

export async function feed({ checks, visitor: v }) {
    await v.go("#/store/s/changes");
    await v.main.getByText("0 changes since you look").waitFor();
    await put(v.server, "s", "feed/one", "1");
    await v.row("feed/one").waitFor();
    await ask(v.server, "DELETE", "/v1/stores/s/objects/feed/one");
    await v.main.locator(".row.gone").waitFor();
    await put(v.server, "s", "feed/two", "22");
    await v.row("feed/two").waitFor();
    checks.check("the newest on top", await v.sees(["feed/two", "feed/one", "feed/one"]), await v.names());
    await v.picture("changes");
    await v.button("Hold").click();
    await put(v.server, "s", "feed/three", "333");
    await v.main.getByText("Held: 1 change since").waitFor();
    await v.button("Go on").click();
    await v.row("feed/three").click();
    await v.panel.getByRole("heading", { name: "three" }).waitFor();
}

// A server that is stopped and comes back while the page is open: what is seen goes on, and what is done works.
export async function restarted({ checks, browser, cairn, server }) {
    const v = await Visitor.arrive(browser, server, { place: "#/store/s/changes" });
    await v.main.getByText("0 changes since you look").waitFor();
    const plots = await v.another("#/live"), objects = await v.another("#/store/s/objects/back/");
    await plots.getByText("a value each second").waitFor();
    await cairn.crash();
    await put(server, "s", "back/again", "1");
    await v.row("back/again").waitFor();
    await plots.getByText("a value each second").waitFor();
    await objects.getByRole("button", { name: "Refresh" }).click();
    await objects.locator(".rows .row:not([hidden]) .text", { hasText: "again" }).waitFor();
    checks.check("a page outlives the server", v.complaints.length === 0, v.complaints);
    await v.leave();
}

// Many tabs of one browser, each with a line that has no end: those that nobody looks at let go of theirs, and what has
// happened meanwhile is there when somebody does.
export async function hidden({ checks, browser, server }) {
    const v = await Visitor.arrive(browser, server, { place: "#/store/s/changes" }), pages = [v.page];
    await v.main.getByText("0 changes since you look").waitFor();
    await put(server, "s", "hidden/before", "1");
    await v.row("hidden/before").waitFor();
    for (let tab = 2; tab <= 7; tab++) {
        await v.hide(pages.at(-1), true);
        const page = await v.another(tab % 2 ? "#/store/s/changes" : "#/live").catch((error) => error);
        checks.check(`tab ${tab} is shown`, !(page instanceof Error), page.message);
        if (page instanceof Error)
            break;
        await page.getByText(tab % 2 ? "0 changes since you look" : "a value each second").first().waitFor();
        pages.push(page);
    }
    await put(server, "s", "hidden/meanwhile", "1");
    await pages.at(-1).waitForTimeout(1500); // what is not asked for does not come
    checks.check("what is hidden is not followed", (await v.names()).join() === "hidden/before", await v.names());
    await v.hide(pages[0], false);
    await v.row("hidden/meanwhile").waitFor();
    checks.check("what has happened meanwhile is there, once", await v.sees(["hidden/meanwhile", "hidden/before"]),
        await v.names());
    await v.hide(pages[1], false);
    await pages[1].getByText("a value each second").waitFor();
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
}

// More windows of one browser, all of them seen, than it has connections to a server: each shows what happens, and
// there is one left for whatever else is done.
export async function windows({ checks, browser, server }) {
    const v = await Visitor.arrive(browser, server, { place: "#/store/s/changes" }), pages = [v.page];
    await v.main.getByText("0 changes since you look").waitFor();
    for (let number = 2; number <= 8; number++) {
        const page = await v.another(number % 2 ? "#/store/s/changes" : "#/live").catch((error) => error);
        checks.check(`window ${number} is shown`, !(page instanceof Error), page.message);
        if (page instanceof Error)
            break;
        page.setDefaultTimeout(60000);
        pages.push(page);
    }
    const [feeds, plots] = ["changes", "live"].map((end) => pages.filter((page) => page.url().endsWith(end)));
    await Promise.all([...feeds.map((page) => page.getByText("0 changes since you look").waitFor()),
        ...plots.map((page) => page.getByText("a value each second").waitFor())]);
    const newest = (page) => page.getByRole("slider").first().getAttribute("aria-valuetext");
    const before = await Promise.all(plots.map(newest));
    for (const name of ["one", "two"]) {
        await put(server, "s", `windows/${name}`, "1");
        const row = (page) => page.locator(".rows .row:not([hidden]) .text", { hasText: `windows/${name}` });
        const came = await Promise.all(feeds.map((page) => row(page).waitFor().then(() => true, () => false)));
        checks.check(`each tells of windows/${name}`, came.every(Boolean) && came.length === 4, came);
    }
    await Promise.all(plots.map((page, index) => page.waitForFunction((value) =>
        document.querySelector(".plot [role=slider]").getAttribute("aria-valuetext") !== value, before[index])));
    const states = await Promise.all(pages.map((page) => page.locator("main .count").first().textContent()));
    checks.check("none of them says that it connects", states.length === 8 &&
        !states.some((text) => text.includes("Connecting")), states);
    const ninth = await v.another("#/store/s/objects/windows/");
    await ninth.locator(".rows .row:not([hidden]) .text", { hasText: "two" }).waitFor();
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
    await lockless({ checks, browser, server });
}

// Where browsers have no locks, as for pages by http from elsewhere, it looks in now and then.
async function lockless({ checks, browser, server }) {
    const v = await Visitor.arrive(browser, server);
    await v.context.addInitScript(() => Object.defineProperty(Navigator.prototype, "locks", { get: () => undefined }));
    await v.open("#/store/s/changes");
    await v.main.getByText("0 changes since you look").waitFor();
    for (const count of [1, 2, 3]) {
        await v.page.waitForResponse(/changes\?/); // it looks in once more
        await put(server, "s", `windows/${count}`, "1");
        await v.main.getByText(new RegExp(`^${count} changes? since you look`)).waitFor();
    }
    checks.check("without locks each change comes once", await v.sees(["windows/3", "windows/2", "windows/1"]),
        await v.names());
    await v.leave();
}

// Hidden for so long that the server does not know any more what has happened since.
export async function overslept({ checks, browser, server }) {
    const v = await Visitor.arrive(browser, server, { place: "#/store/s/changes" });
    await v.main.getByText("0 changes since you look").waitFor();
    await put(server, "s", "missed/one", "1");
    await v.row("missed/one").waitFor();
    await v.hide(v.page, true);
    await v.page.route(/\/changes\?/, (route) => route.request().headers()["last-event-id"] ?
        route.fulfill({ status: 410, json: { type: "urn:problem-type:cairn:changes-gone" } }) : route.continue());
    await v.hide(v.page, false);
    await v.told("Not all that has happened since is known any more");
    await v.main.getByText(/^1 change since you look/).waitFor();
    await put(server, "s", "missed/two", "1");
    await v.row("missed/two").waitFor();
    checks.check("and then it goes on", await v.sees(["missed/two", "missed/one"]), await v.names());
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
}

// A store that is deleted and made anew while nobody looks.
export async function anew({ checks, browser, server }) {
    await ask(server, "PUT", "/v1/stores/anew");
    const v = await Visitor.arrive(browser, server, { place: "#/store/anew/changes" });
    await v.main.getByText("0 changes since you look").waitFor();
    await v.hide(v.page, true);
    await ask(server, "DELETE", "/v1/stores/anew?force=true");
    await ask(server, "PUT", "/v1/stores/anew");
    await put(server, "anew", "missed", "1");
    await v.hide(v.page, false);
    await v.told("Not all that has happened since is known any more");
    await v.main.getByText("0 changes since you look").waitFor();
    await put(server, "anew", "seen", "1");
    await v.row("seen").waitFor();
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
    await ask(server, "DELETE", "/v1/stores/anew?force=true");
}

// A store that is deleted and made anew while its changes and its plots are looked at: each says so, and goes on.
export async function again({ checks, browser, server }) {
    await ask(server, "PUT", "/v1/stores/again");
    await put(server, "again", "before", "1");
    const v = await Visitor.arrive(browser, server, { place: "#/store/again/changes" });
    await v.main.getByText("0 changes since you look").waitFor();
    const plots = await v.another("#/store/again/live"), gone = "There is no such store any more";
    await plots.getByText("a value each second").waitFor();
    await ask(server, "DELETE", "/v1/stores/again?force=true");
    await v.main.getByText(gone).waitFor();
    await plots.getByText(gone).waitFor();
    await v.page.waitForTimeout(3500); // until it has looked once more
    checks.check("while it is gone it says so once", await v.main.getByText(gone).count() === 1 &&
        await v.page.locator(".notice").count() === 0, await v.page.locator(".notice").allTextContents());
    await ask(server, "PUT", "/v1/stores/again");
    await v.told("Not all that has happened since is known any more");
    await v.main.getByText("0 changes since you look").waitFor();
    await plots.getByText("a value each second").waitFor();
    await put(server, "again", "after", "22");
    await v.row("after").waitFor();
    await plots.locator("figure", { hasText: "Objects" }).locator("dd").filter({ hasText: /^1$/ }).waitFor();
    checks.check("made anew, it is seen again", true);
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
    await ask(server, "DELETE", "/v1/stores/again?force=true");
}

// The first event of the plots, as the server sends it.
async function history(server) {
    const abort = new AbortController();
    const answer = await fetch(`${server}/v1/live`, { headers: { Accept: "text/event-stream" }, signal: abort.signal });
    let text = "";
    for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
        text += part;
        const [, event] = /^data: (.*)\n\n/m.exec(text) ?? [];
        if (event !== undefined) {
            abort.abort();
            return JSON.parse(event);
        }
    }
}

// The server's clock is set back by an hour, and forth again: what is told then is seen, also by who looks from now on.
export async function setBack({ checks, browser, server }) {
    const { columns, rows } = await history(server), now = Date.UTC(2026, 0, 1, 12), hour = 3600000;
    const at = (time) => columns.map((name, index) => name === "time" ? time : rows.at(-1)[index]);
    const v = await Visitor.arrive(browser, server);
    const before = [0, 1000, 2000].map((time) => at(now + time)), after = [3000, 4000].map((time) => at(now - hour + time));
    const answers = [before, after, [...before, ...after, at(now - hour + 5000)], [at(now + 6000)]];
    let asked = 0;
    await v.page.route("**/v1/live", (route) => asked < answers.length ? route.fulfill({
        contentType: "text/event-stream", body: `data: ${JSON.stringify({ columns, rows: answers[asked++] })}\n\n` }) :
        route.abort());
    await v.go("#/live");
    const slider = v.main.getByRole("slider", { name: "Requests a second" });
    for (const [time, count] of [["12:00:02", 3], ["11:00:04", 2], ["11:00:05", 3], ["12:00:06", 1]]) {
        const isSeen = await v.main.locator(`[role=slider][aria-valuetext^="${time}"]`).first().waitFor({ timeout: 10000 })
            .then(() => true, () => false);
        checks.check(`the clock has ${time}`, isSeen && await slider.getAttribute("aria-valuemax") === String(count - 1),
            await slider.evaluate((one) => one.outerHTML.slice(0, 400)));
    }
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
}

// A store that is deleted while it is shown.
export async function deleted({ checks, browser, server }) {
    await ask(server, "PUT", "/v1/stores/doomed");
    await put(server, "doomed", "one", "1", "text/plain");
    const v = await Visitor.arrive(browser, server, { place: "#/store/doomed/objects/?open=/one" });
    await v.panel.getByRole("heading", { name: "one" }).waitFor();
    await ask(server, "DELETE", "/v1/stores/doomed?force=true");
    await v.button("Download", v.panel).waitFor();
    await v.button("Rename or move").click();
    await v.dialog.getByLabel("Key", { exact: true }).fill("two");
    await v.dialog.getByRole("button", { name: "Move" }).click();
    await v.dialog.getByRole("alert").filter({ hasText: "There is no such store any more" }).waitFor();
    await v.page.keyboard.press("Escape");
    await v.button("Refresh").click();
    await v.main.getByText("There is no such store any more").waitFor();
    for (const view of ["changes", "live"]) {
        await v.go(`#/store/doomed/${view}`);
        await v.main.getByText("There is no such store any more").waitFor();
        checks.check(`${view}: nothing but that is told`, !/Nothing has happened|since you look|Connecting/
            .test(await v.main.innerText()), await v.main.innerText());
    }
    await v.go("#/store/doomed/objects/");
    await v.button("All stores").click();
    await v.row("s").waitFor();
    checks.check("the store is not listed any more", !(await v.names()).includes("doomed"), await v.names());
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
}

const MANY = Number(process.env.CONSOLE_OBJECTS ?? 1000000);
const LOT = 10000;

const nameOf = (number) => `object-${String(number).padStart(7, "0")}`;

async function fill(server, store, count) {
    await ask(server, "PUT", `/v1/stores/${store}`);
    const began = performance.now();
    for (let from = 0; from < count; from += LOT)
        await batch(server, store, Array.from({ length: Math.min(LOT, count - from) },
            (_, i) => ({ op: "put", key: nameOf(from + i), data: "eA==" })));
    console.log(`  ${count} objects put in ${((performance.now() - began) / 1000).toFixed(1)} s`);
}

// By the key that leads to the end, which is further away each time, as more is read.
async function scrollDown(v, count) {
    const began = performance.now(), last = nameOf(count - 1);
    for (let ends = 0; !(await v.names()).includes(last) && ends < 20000; ends++)
        await v.page.keyboard.press("End");
    return (performance.now() - began) / 1000;
}

// By the wheel, by the scroll bar, and to the beginning.
async function scrollUp(checks, v, count) {
    const before = (await v.names())[0];
    await v.page.mouse.move(400, 500);
    await v.page.mouse.wheel(0, -1200);
    await v.page.waitForFunction((name) => document.querySelector(".rows .row .text").textContent !== name, before);
    const shown = (await v.names()).map((name) => Number(name.slice(7)));
    checks.check(`${count}: a turn of the wheel is a few rows`, shown[0] > count - 120, shown[0]);
    await v.grid.evaluate((grid) => { grid.scrollTop = grid.scrollHeight / 2; });
    await v.page.waitForFunction((half) => {
        const name = document.querySelector(".rows .row:not(.waiting) .text")?.textContent;
        return Math.abs(Number(name?.slice(7)) - half) < half / 10;
    }, count / 2);
    if (count > KEPT)
        await gone(checks, v, count);
    await v.page.keyboard.press("Home");
    await v.row(nameOf(0)).waitFor();
}

const KEPT = 24000; // rows that the page keeps

// Rows that are not kept are asked for again: once, while the server is away, and by whoever wants to.
async function gone(checks, v, count) {
    let asked = 0;
    await v.page.route("**/objects?*", (route) => {
        asked++;
        return route.abort();
    });
    await v.page.keyboard.press("Home");
    await v.button("Try again").waitFor();
    await v.page.evaluate(async () => {
        for (let frame = 0; frame < 60; frame++)
            await new Promise(requestAnimationFrame);
    });
    checks.check(`${count}: a server that is away is not asked over and over`, asked <= 2, asked);
    await v.page.unroute("**/objects?*");
    await v.button("Try again").click();
    await v.row(nameOf(0)).waitFor();
    await v.grid.focus();
}

async function scrolled({ checks, browser, server }, store, count) {
    await fill(server, store, count);
    const v = await Visitor.arrive(browser, server, { place: `#/store/${store}/objects/` });
    await v.row(nameOf(0)).waitFor();
    await v.grid.focus();
    const seconds = await scrollDown(v, count), longest = await v.page.evaluate(() => self.longest);
    const rows = await v.page.locator(".grid .row").count();
    const heap = await v.page.evaluate(() => performance.memory.usedJSHeapSize);
    console.log(`  scrolled to the end of ${count} in ${seconds.toFixed(1)} s, the longest task ` +
        `${Math.round(longest)} ms, ${rows} rows, ${(heap / 2 ** 20).toFixed(0)} MiB of scripts`);
    checks.check(`${count}: the end is reached`, (await v.names()).includes(nameOf(count - 1)), await v.names());
    checks.check(`${count}: few rows are there at a time`, rows < 60, rows);
    checks.check(`${count}: the page never stops for long`, longest < 1000, longest);
    checks.check(`${count}: what was seen is not all kept`, heap < 150 * 2 ** 20, heap);
    await v.picture(store);
    await scrollUp(checks, v, count);
    checks.check(`${count}: nothing to complain about`, v.complaints.length === 0, v.complaints);
    await v.leave();
    await ask(server, "DELETE", `/v1/stores/${store}?force=true`);
}

// The name of the row on top, and how far it is from there.
const onTop = (v) => v.grid.evaluate((grid) => {
    const head = grid.querySelector(".head").getBoundingClientRect().bottom;
    const rows = [...grid.querySelectorAll(".rows .row:not([hidden])")].map((row) =>
        ({ name: row.querySelector(".text").textContent, top: Math.round(row.getBoundingClientRect().top - head) }));
    return JSON.stringify(rows.filter(({ top }) => top > -30).sort((one, other) => one.top - other.top)[0]);
});

// What comes and goes elsewhere leaves what one looks at where it is; and it is there when one goes there.
export async function steady({ checks, browser, server }) {
    await fill(server, "steady", 5000);
    const v = await Visitor.arrive(browser, server, { place: "#/store/steady/objects/" });
    await v.row(nameOf(0)).waitFor();
    await v.page.waitForFunction(() => {
        const grid = document.querySelector("main [role=grid]");
        grid.scrollTop = Math.min(grid.scrollTop + 3000, 36 * 3210 + 11);
        return grid.scrollTop === 36 * 3210 + 11;
    });
    await v.row(nameOf(3211)).waitFor();
    const before = await onTop(v);
    const files = ["object-0000000-new", "object-0003205-new", "object-0009999"].map((name) =>
        ({ name, mimeType: "", buffer: Buffer.from("new") }));
    await ask(server, "DELETE", `/v1/stores/steady/objects/${nameOf(3)}`);
    await v.page.locator('input[type=file][aria-label="Upload files"]').setInputFiles(files);
    const dock = v.page.getByRole("region", { name: "Uploads" });
    await dock.getByText(/^3 files uploaded/).first().waitFor();
    await v.button("Clear what is done", dock).click();
    await v.page.waitForTimeout(500); // nothing is to be seen of what is waited for
    checks.check("what one looks at stays where it is", await onTop(v) === before, [before, await onTop(v)]);
    await v.grid.evaluate((grid) => { grid.scrollTop -= 360; });
    await v.row("object-0003205-new").waitFor();
    await v.grid.focus();
    await v.page.keyboard.press("Home");
    await v.row("object-0000000-new").waitFor();
    checks.check("and what has changed is there when one goes there", (await v.names()).slice(0, 5).join() ===
        [nameOf(0), "object-0000000-new", nameOf(1), nameOf(2), nameOf(4)].join(), await v.names());
    for (let ends = 0; !(await v.names()).includes("object-0009999") && ends < 200; ends++)
        await v.page.keyboard.press("End");
    await v.main.getByText("5,002 entries").waitFor();
    await v.row(nameOf(4998)).getByRole("checkbox").click();
    await put(server, "steady", "object-0004000-new", "new");
    await v.button("Refresh").click();
    await v.main.getByText("5,003 entries").waitFor();
    await v.grid.focus();
    await v.page.keyboard.press("End");
    await v.row("object-0009999").click({ modifiers: ["Shift"] });
    await v.main.getByText("3 entries selected").waitFor();
    const before4998 = await v.row(nameOf(4997)).getAttribute("aria-selected");
    checks.check("a range begins where it was begun", before4998 === "false", before4998);
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
    await ask(server, "DELETE", "/v1/stores/steady?force=true");
}

// As long as browsers can lay out, and longer.
export async function endless(stage) {
    await scrolled(stage, "long", 20000);
    await scrolled(stage, "million", MANY);
}
