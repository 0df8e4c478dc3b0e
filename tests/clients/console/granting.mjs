// Scenes of all combinations of rights: what each is offered is what it may do, no less, and the server refuses none of
// it.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { guarded, offered } from "./entering.mjs";
import { ask } from "./stage.mjs";
import { Visitor } from "./visitor.mjs";

const RIGHTS = ["read", "list", "write", "delete"];
const subsets = Array.from({ length: 15 }, (_, bits) => RIGHTS.filter((_, place) => (bits + 1) >> place & 1));

// Of each action the rights that it takes: those with a minus are ones that it is not needed with. Where it is offered,
// and how it is done.
const sure = (v, name) => v.dialog.getByRole("button", { name, exact: true }).click();

async function relocate(v, button, key, submit, told) {
    await v.button(button, v.panel).click();
    await v.dialog.getByRole("textbox", { name: "Key" }).fill(key);
    await sure(v, submit);
    await v.told(told);
}

const chooseFile = (v, name) => v.page.locator(`input[type=file][aria-label="${name}"]`)
    .setInputFiles({ name: "sent.txt", mimeType: "text/plain", buffer: Buffer.from("sent") });

const uploaded = async (v) => {
    const dock = v.page.getByRole("region", { name: "Uploads" });
    await dock.getByText(/^1 file uploaded/).first().waitFor();
    await v.button("Clear what is done", dock).click();
};

const PANEL = {
    "Download": ["read", (v) => v.download(() => v.button("Download", v.panel).click())],
    "Copy a link": ["read", async (v) => {
        await v.button("Copy a link").click();
        await sure(v, "Make and copy");
        await v.told("The link is copied");
    }],
    "Copy as curl": ["read", async (v) => {
        await v.button("Copy as curl").click();
        await v.told("line of curl");
    }],
    "Rename or move": ["read write delete", async (v) => {
        await relocate(v, "Rename or move", "t/y.txt", "Move", "Moved to t/y.txt");
        await v.panel.getByRole("heading", { name: "y.txt" }).waitFor();
        await relocate(v, "Rename or move", "t/x.txt", "Move", "Moved to t/x.txt");
        await v.panel.getByRole("heading", { name: "x.txt" }).waitFor();
    }],
    "Copy to…": ["read write", (v) => relocate(v, "Copy to…", "t/copy.txt", "Copy", "Copied to t/copy.txt")],
    "Delete": ["delete", async (v) => {
        await v.button("Delete", v.panel).click();
        await sure(v, "Delete");
        await v.told("1 object deleted");
    }],
};

const TOOLS = {
    "Download as tar": ["list read", (v) => v.download(() => v.button("Download as tar").click())],
    "Upload files": ["write", async (v) => {
        await chooseFile(v, "Upload files");
        await uploaded(v);
    }],
    "Upload a folder": ["write", async () => {}], // as with files
    "Upload as this key": ["write -list", async (v) => {
        await v.main.getByRole("textbox", { name: "Key" }).fill("t/by-key.txt");
        const [chooser] = await Promise.all([v.page.waitForEvent("filechooser"),
            v.button("Upload as this key").click()]);
        await chooser.setFiles({ name: "some.txt", mimeType: "text/plain", buffer: Buffer.from("by key") });
        await uploaded(v);
    }],
};

const SELECTED = {
    "Copy to…": ["read write list", async (v) => {
        await v.button("Copy to…", v.main).click();
        await v.dialog.getByRole("textbox", { name: "Into the folder" }).fill("t/copies/");
        await sure(v, "Copy");
        await v.told("1 object copied");
    }],
    "Delete": ["delete list", async () => {}], // as of one
};

const needs = (text) => text.split(" ").filter((right) => !right.startsWith("-"));
const lacks = (text) => text.split(" ").filter((right) => right.startsWith("-")).map((right) => right.slice(1));
const mayDo = (rights, text) => needs(text).every((right) => rights.includes(right)) &&
    !lacks(text).some((right) => rights.includes(right));

async function goesThrough({ checks, v, title, rights }, actions, shown) {
    const found = shown.filter((name) => name in actions);
    const right = Object.keys(actions).filter((name) => mayDo(rights, actions[name][0]));
    checks.check(`${title} is offered what it may do`, found.sort().join() === right.toSorted().join(),
        { found, right });
    for (const name of right)
        await actions[name][1](v).catch((error) => checks.check(`${title}: ${name}`, false, error.message));
}

const visible = (within) => within.getByRole("button").evaluateAll((buttons) =>
    buttons.filter((button) => button.checkVisibility()).map((button) => button.textContent));

async function looksAround({ checks, browser, server }, name, rights) {
    for (const key of ["t/x.txt", "t/other.txt"])
        await ask(server, "PUT", `/v1/stores/photos/objects/${key}`, { token: "all", body: "x" });
    await ask(server, "POST", "/v1/stores/photos/batch", { token: "all", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ operations: ["t/sent.txt", "t/by-key.txt", "t/copy.txt", "t/y.txt",
            "t/copies/other.txt"].map((key) => ({ op: "delete", key })) }) });
    const v = await Visitor.arrive(browser, server, { token: name, place: "#/store/photos/objects/t/" });
    const scene = { checks, v, title: name, rights };
    await (rights.includes("list") ? v.row("x.txt") : v.main.getByText("This token may not list").first()).waitFor();
    await goesThrough(scene, TOOLS, await offered(v));
    if (rights.includes("list")) {
        await v.row("other.txt").getByRole("checkbox").click();
        await v.main.getByText("1 entry selected").waitFor();
        await goesThrough(scene, SELECTED, await visible(v.main.getByRole("group", { name: "What is selected" })));
    }
    if (rights.includes("read") || rights.includes("delete")) {
        await v.go("#/store/photos/objects/t/?open=/t/x.txt");
        await v.panel.getByRole("heading", { name: "x.txt" }).waitFor();
        await goesThrough(scene, PANEL, await visible(v.panel));
    }
    const refused = v.requests.filter(({ status }) => status === 401 || status === 403);
    checks.check(`${name}: nothing is refused`, refused.length === 0, refused);
    checks.check(`${name}: nothing to complain about`, v.complaints.length === 0, v.complaints);
    await v.leave();
}

export async function offers({ checks, browser, folder }) {
    const called = (rights, prefix) => [`${rights.join("-")}${prefix ? "-below" : ""}`, [prefix, ...rights]];
    const who = [...subsets.map((rights) => called(rights, "")),
        ...subsets.filter(({ length }) => length >= 3).map((rights) => called(rights, "t/"))];
    const { life, server } = await guarded(join(folder, "offers"),
        [{ name: "web", secret: "a secret of a link key, long enough" }], who);
    for (const [name, [, ...rights]] of who)
        await looksAround({ checks, browser, server }, name, rights);
    await life.end("SIGTERM");
}

// Rights that are given while somebody looks are there when the list is read once more.
export async function given({ checks, browser, folder }) {
    const { life, server } = await guarded(join(folder, "given"), [], [["given", ["tenant/", "list", "read"]]]);
    const v = await Visitor.arrive(browser, server, { token: "given", place: "#/store/photos/objects/" });
    await v.row("tenant/").waitFor();
    const path = join(folder, "given", "guarded-0", "access.json"), access = JSON.parse(await readFile(path, "utf8"));
    access.tokens.find(({ name }) => name === "given").grants[0].prefix = "";
    await writeFile(path, JSON.stringify(access));
    process.kill(life.pid, "SIGHUP");
    while ((await ask(server, "GET", "/v1/access", { token: "given" })).includes("tenant"))
        await new Promise((resolve) => setTimeout(resolve, 50)); // between two looks
    await v.button("Refresh").click();
    checks.check("what was given meanwhile is seen by looking again", await v.sees(["other", "tenant/"]),
        await v.names());
    await v.leave();
    await life.end("SIGTERM");
}

// Who may make stores of some names only, or of one that is there already.
export async function makers({ checks, browser, folder }) {
    const rights = ["admin", "list"];
    const { life, server } = await guarded(join(folder, "makers"), [], [
        ["one", { stores: ["photos"], prefix: "", rights }],
        ["some", { stores: ["photos", "new-*"], prefix: "", rights }]]);
    const one = await Visitor.arrive(browser, server, { token: "one" });
    await one.row("photos").waitFor();
    checks.check("who may have one store that is there is not offered to make any",
        !(await offered(one)).includes("New store"), await offered(one));
    await one.leave();
    const v = await Visitor.arrive(browser, server, { token: "some" });
    await v.row("photos").waitFor();
    await v.button("New store").click();
    await v.dialog.getByLabel("Name").fill("other");
    await v.dialog.getByRole("button", { name: "Make" }).click();
    await v.dialog.getByRole("alert").filter({ hasText: "may make no store of the name other" }).waitFor();
    await v.dialog.getByLabel("Name").fill("new-one");
    await v.dialog.getByRole("button", { name: "Make" }).click();
    await v.page.getByRole("heading", { name: "new-one", level: 1 }).waitFor();
    const refused = v.requests.filter(({ status }) => status === 403);
    checks.check("who may make some stores is refused none that he asks for", refused.length === 0, refused);
    await v.leave();
    await life.end("SIGTERM");
}
