// Scenes of where something comes to: the store that it is in unless somebody says otherwise, of more stores than a
// page has, and by tokens for a part of them; and of what is copied when one of several cannot be.

import { join } from "node:path";
import { guarded } from "./entering.mjs";
import { ask, batch, list, put } from "./stage.mjs";
import { Visitor } from "./visitor.mjs";

const PAGE = 1000;

const store = (v) => v.dialog.getByRole("combobox", { name: /store/i });
const keysIn = async (server, name, token) => JSON.parse(await ask(server, "GET", `/v1/stores/${name}/objects`,
    { token })).objects.map(({ key }) => key).join();

// A thousand stores stand in front of those that there are.
async function crowd(v) {
    await v.page.route(/\/v1\/stores\?/, (route) => {
        const url = new URL(route.request().url());
        if (url.searchParams.get("cursor") !== "behind") {
            const names = Array.from({ length: PAGE }, (_, i) => `a${String(i).padStart(4, "0")}`);
            const stores = names.map((name) => ({ name, limits: {} }));
            return route.fulfill({ json: { stores, cursor: "behind" } });
        }
        return route.continue({ url: `${url.origin}/v1/stores?limit=1000` });
    });
}

// What is marked when a name has come that stands in front of it.
const grownMark = (page) => page.evaluate(async () => {
    const { Combobox } = await import(new URL("combobox.js", document.baseURI));
    const source = { names: ["ab", "xb"], complete: false };
    const { input, list, element } = new Combobox({ id: "grown" }, source);
    document.querySelector("dialog").append(element);
    input.value = "b";
    input.dispatchEvent(new Event("input"));
    input.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown" }));
    source.names.push("ba");
    source.changed();
    element.remove();
    return list.querySelector("[aria-selected=true]")?.textContent;
});

// What is renamed stays where it is, and other stores are found by some of their name.
export async function crowded({ checks, browser, server }) {
    await put(server, "photos", "crowd/one.txt", "1", "text/plain");
    const v = await Visitor.arrive(browser, server, { place: "#/store/photos/objects/?open=/crowd/one.txt" });
    await crowd(v);
    await v.button("Rename or move").click();
    checks.check("of many stores the object's own is there", await store(v).inputValue() === "photos",
        await store(v).inputValue());
    await v.dialog.getByRole("textbox", { name: "Key" }).fill("crowd/two.txt");
    await v.page.keyboard.press("Enter");
    await v.told("Moved to crowd/two.txt");
    const keys = (await list(server, "photos", "prefix=crowd/")).map(({ key }) => key);
    checks.check("what is renamed stays in its store", keys.join() === "crowd/two.txt", keys);
    await v.button("Copy to…", v.panel).click();
    await store(v).click();
    const options = v.dialog.getByRole("option");
    await v.dialog.getByText(/^100 of 1,00\d: type some of the name/).waitFor();
    checks.check("of many stores some are shown", await options.count() === 100, await options.count());
    await store(v).fill("opie");
    await options.getByText("copies").waitFor();
    checks.check("one is found by some of its name", (await options.allTextContents()).join() === "copies",
        await options.allTextContents());
    const flaws = await v.flaws();
    checks.check("nothing serious for axe about stores to choose", flaws.length === 0, flaws);
    await v.picture("choice");
    await v.page.keyboard.press("ArrowDown");
    await v.page.keyboard.press("Enter");
    checks.check("by keys", await store(v).inputValue() === "copies" && await v.dialog.count() === 1,
        await store(v).inputValue());
    await store(v).fill("a00");
    await options.first().waitFor();
    for (let i = 0; i < 3; i++)
        await v.page.keyboard.press("ArrowDown");
    const marked = v.dialog.getByRole("option", { selected: true });
    checks.check("a row is marked by keys", await marked.textContent() === "a0002", await marked.allTextContents());
    await store(v).fill("a001");
    await options.getByText("a0019").waitFor();
    checks.check("what is typed takes the mark away", await marked.count() === 0 &&
        await store(v).getAttribute("aria-activedescendant") === null, await marked.allTextContents());
    await store(v).fill("copies");
    await v.page.keyboard.press("Escape");
    checks.check("the mark stays on its name", await grownMark(v.page) === "ab");
    await store(v).click();
    await v.page.keyboard.press("Escape");
    checks.check("Escape closes the list alone", await options.count() === 0 && await v.dialog.count() === 1);
    await v.dialog.getByRole("button", { name: "Copy" }).click();
    await v.told("Copied to crowd/two.txt");
    const copies = (await list(server, "copies", "prefix=crowd/")).map(({ key }) => key);
    checks.check("and that is where the copy is", copies.join() === "crowd/two.txt", copies);
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
}

const ALL = ["read", "list", "write", "delete"];
const WHO = [
    ["below", { stores: ["aside", "photos"], prefix: "t/", rights: ALL }],
    ["nowhere", { stores: ["*"], prefix: "", rights: ["read", "list", "delete"] }],
    ["besides", { stores: ["*"], prefix: "", rights: ["read", "list", "delete"] },
        { stores: ["aside"], prefix: "t/", rights: ["write"] }],
];

// By tokens that may write below a prefix, nowhere, or somewhere else.
export async function own({ checks, browser, folder }) {
    const { life, server } = await guarded(join(folder, "own"), [], WHO), token = "all";
    await ask(server, "PUT", "/v1/stores/aside", { token });
    await ask(server, "PUT", "/v1/stores/photos/objects/t/one.txt", { token, body: "1" });
    const place = "#/store/photos/objects/t/?open=/t/one.txt";
    const v = await Visitor.arrive(browser, server, { token: "below", place });
    const fill = async (key) => {
        await v.dialog.getByRole("textbox", { name: "Key" }).fill(key);
        await v.page.keyboard.press("Enter");
    };
    await v.button("Rename or move").click();
    await fill("u/one.txt");
    await v.dialog.getByRole("alert").filter({ hasText: "only what begins with t/" }).waitFor();
    await fill("t/two.txt");
    await v.told("Moved to t/two.txt");
    checks.check("a token for a prefix keeps what it renames in its store",
        (await keysIn(server, "photos", token)).split(",").includes("t/two.txt") &&
        await keysIn(server, "aside", token) === "", await keysIn(server, "aside", token));
    await v.leave();
    await nowhere({ checks, browser, server });
    await besides({ checks, browser, server });
    await life.end("SIGTERM");
}

const panelOf = async (browser, server, token) => {
    const v = await Visitor.arrive(browser, server, { token, place: "#/store/photos/objects/t/?open=/t/two.txt" });
    await v.button("Delete", v.panel).waitFor();
    return v;
};

async function nowhere({ checks, browser, server }) {
    const v = await panelOf(browser, server, "nowhere");
    checks.check("who may write nowhere is not offered to rename", await v.button("Rename or move").count() === 0);
    await v.leave();
}

// Nothing is taken for what somebody may have meant.
async function besides({ checks, browser, server }) {
    const v = await panelOf(browser, server, "besides");
    await v.button("Rename or move").click();
    checks.check("who may write elsewhere only chooses where", await store(v).inputValue() === "" &&
        await store(v).evaluate((field) => field === document.activeElement), await store(v).inputValue());
    for (const [name, told] of [["", "Choose a store"], ["photos", "may write nothing in the store photos"],
        ["No Name", "That is no name for a store"], ["Aside", "small letters"], ["aside", ""]]) {
        await store(v).fill(name);
        await v.dialog.getByRole("button", { name: "Move" }).click();
        if (told)
            await v.dialog.getByRole("alert").filter({ hasText: told }).waitFor();
    }
    await v.told("Moved to t/two.txt");
    checks.check("and that is where it is", await keysIn(server, "aside", "all") === "t/two.txt",
        await keysIn(server, "aside", "all"));
    const asked = v.requests.filter(({ path }) => path.endsWith("/move")).map(({ status }) => status);
    checks.check("what may not be is not asked for", asked.join() === "201" || asked.join() === "200" ||
        asked.join() === "204", asked);
    await v.leave();
}

// ---- several ---------------------------------------------------------------------------------------

const COUNT = 60;
const nameOf = (number) => `k${String(number).padStart(3, "0")}`;

async function copyAll(v, to) {
    await v.go("#/store/photos/objects/");
    await v.row("lot/").getByRole("checkbox").click();
    await v.button("Copy to…", v.main).click();
    await store(v).fill(to);
    await v.dialog.getByRole("button", { name: "Copy" }).click();
}

const sent = (v) => v.requests.filter(({ path }) => path.endsWith("/copy")).length;
const cleanly = async (server) => {
    await ask(server, "DELETE", "/v1/stores/lots?force=true").catch(() => {});
    await ask(server, "PUT", "/v1/stores/lots");
};

// One of many is there already: each way to go on.
async function taken({ checks, server }, v) {
    for (const [answer, told, keys, held] of [
        ["Skip them", `${COUNT - 2} objects copied to the top in the store lots, 2 left out`, COUNT, "mine"],
        ["Keep both", `${COUNT} objects copied`, COUNT + 2, "mine"],
        ["Replace", `${COUNT} objects copied`, COUNT, "x"]]) {
        await cleanly(server);
        for (const number of [30, 50])
            await put(server, "lots", `lot/${nameOf(number)}`, "mine", "text/plain");
        await copyAll(v, "lots");
        await v.dialog.getByText("k030 is there already").waitFor();
        await v.page.keyboard.press("Enter"); // which was meant for something else
        checks.check("a question that comes by itself takes no key", await v.dialog.count() === 2);
        await v.dialog.last().getByRole("button", { name: answer }).click();
        await v.told(told);
        const there = await list(server, "lots"), text = await ask(server, "GET", "/v1/stores/lots/objects/lot/k050");
        checks.check(`several, asked once: ${answer}`, there.length === keys && text === held,
            [there.length, text]);
    }
}

// One of many cannot be copied: it is told which, nothing more is copied, and it goes on as somebody says.
async function faulty({ checks, server }, v) {
    await cleanly(server);
    let refuses = true;
    const late = []; // those that are under way beside it
    await v.page.route(/\/copy$/, async (route) => {
        const { key } = route.request().postDataJSON();
        if (refuses && ["lot/k021", "lot/k022"].includes(key) && late.length < 2)
            await new Promise((pass) => { late.push(pass); });
        if (!refuses || key !== "lot/k020")
            return route.continue();
        while (late.length < 2)
            await new Promise((resolve) => setTimeout(resolve, 20)); // between two looks
        return route.fulfill({ status: 507, json: { type: "urn:problem-type:cairn:disk-full", detail: "no space" } });
    });
    await copyAll(v, "lots");
    const question = v.dialog.filter({ hasText: "k020 is not copied" });
    await question.getByText("The disk of the server is full").waitFor();
    await question.getByText(/^20 of 60 objects$/).waitFor();
    const again = question.getByRole("button", { name: "Try again" });
    await again.click({ trial: true }); // when one can
    checks.check("no button has the focus in a question that comes by itself", !await v.has(again));
    await Promise.all([v.page.waitForRequest(/\/copy$/), again.click()]);
    await question.waitFor();
    const then = sent(v);
    await v.page.waitForTimeout(500);
    const { length } = await list(server, "lots");
    checks.check("behind a fault nothing is copied", sent(v) === then && length < 40, [sent(v) - then, length]);
    const flaws = await v.flaws();
    checks.check("nothing serious for axe about a fault", flaws.length === 0, flaws);
    await question.getByRole("button", { name: "Stop" }).click();
    await question.waitFor({ state: "detached" });
    late.forEach((pass) => pass());
    await v.dialog.getByRole("alert").filter({ hasText: "Stopped: 22 of 60 objects copied" }).waitFor();
    checks.check("what is said to be copied is", (await list(server, "lots")).length === 22);
    refuses = false;
    await v.dialog.getByRole("button", { name: "Copy" }).click();
    await v.told(`${COUNT} objects copied`);
    checks.check("and then it goes on where it was", (await list(server, "lots")).length === COUNT && sent(v) <= 65,
        sent(v));
    await v.page.unroute(/\/copy$/);
}

// Whoever calls it off is told how far it came, with what was under way.
async function calledOff({ checks, server }, v) {
    await cleanly(server);
    const held = [];
    await v.page.route(/\/copy$/, (route) => route.request().postDataJSON().key < "lot/k040" ? route.continue() :
        new Promise((pass) => { held.push(() => pass(route.continue())); }));
    await copyAll(v, "lots");
    await v.dialog.getByText("40 of 60 objects").waitFor();
    while (held.length < 3)
        await new Promise((resolve) => setTimeout(resolve, 20)); // between two looks
    await v.dialog.getByRole("button", { name: "Cancel" }).click();
    held.forEach((pass) => pass());
    await v.told("Stopped: 43 of 60 objects copied");
    await v.page.unroute(/\/copy$/);
    checks.check("what was copied is there, and no more", (await list(server, "lots")).length === 43);
}

// The key of a folder itself has none of its own where there is no folder.
async function keyless({ server }, v) {
    await put(server, "photos", "itself/", "x");
    await v.go("#/store/photos/objects/itself/");
    await v.row("(the key of the folder itself)").getByRole("checkbox").click();
    await v.button("Copy to…", v.main).click();
    for (const folder of ["", "x".repeat(1025)]) {
        await v.dialog.getByRole("textbox", { name: "Into the folder" }).fill(folder);
        await v.dialog.getByRole("button", { name: "Copy" }).click();
        await v.dialog.getByRole("alert").filter({ hasText: "itself/ would have no key there" }).waitFor();
    }
    await v.page.keyboard.press("Escape");
    await ask(server, "DELETE", "/v1/stores/photos/objects/itself/");
}

export async function copying(stage) {
    const { checks, browser, server } = stage;
    await batch(server, "photos", Array.from({ length: COUNT }, (_, i) =>
        ({ op: "put", key: `lot/${nameOf(i)}`, data: "eA==" })));
    const v = await Visitor.arrive(browser, server);
    await taken(stage, v);
    await v.page.reload();
    v.requests.length = 0;
    await faulty(stage, v);
    await v.page.reload();
    await calledOff(stage, v);
    await v.button("Copy to…", v.main).click();
    await v.dialog.getByRole("button", { name: "Copy" }).click();
    await v.dialog.getByRole("alert").filter({ hasText: "That is the same object" }).waitFor();
    await v.page.keyboard.press("Escape");
    await keyless({ server }, v);
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await ask(server, "DELETE", "/v1/stores/lots?force=true");
    await v.leave();
}
