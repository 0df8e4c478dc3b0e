// Scenes of who may do some things and not others: each is led to what they may do.

import { join } from "node:path";
import { guarded, offered } from "./entering.mjs";
import { ask } from "./stage.mjs";
import { Visitor } from "./visitor.mjs";

const WHO = [
    ["reads", ["", "read"]],
    ["writes", ["", "write"]],
    ["deletes", ["", "delete"]],
    ["rules", ["", "admin"]],
    ["two", ["tenant/", "read", "list"], ["in/2026-", "read", "list", "write"]],
];

async function entered(browser, server, token) {
    const v = await Visitor.arrive(browser, server, { token });
    await v.row("photos").click();
    await v.page.getByRole("heading", { name: "photos", level: 1 }).waitFor();
    return v;
}

const form = (v) => v.main.getByRole("form", { name: "By key" });

async function reads({ checks, browser, server }) {
    const v = await entered(browser, server, "reads");
    await v.main.getByText("This token may not list what is here").waitFor();
    await form(v).getByRole("textbox", { name: "Key" }).fill("other");
    await form(v).getByRole("button", { name: "Open" }).click();
    await v.panel.locator("dd").first().filter({ hasText: "other" }).waitFor();
    const { bytes } = await v.download(() => v.button("Download", v.panel).click());
    checks.check("who may read and not list opens an object by its key", bytes.toString() === "x", bytes);
    checks.check("and is offered no more than that", !(await offered(v)).some((name) => ["Delete", "Upload files",
        "Upload as this key", "Download as tar"].includes(name)), await offered(v));
    await form(v).getByRole("textbox", { name: "Key" }).fill("nothing");
    await v.page.keyboard.press("Enter");
    await v.told("There is no such object any more");
    return v;
}

async function writes({ checks, browser, server }) {
    const v = await entered(browser, server, "writes");
    await form(v).getByRole("textbox", { name: "Key" }).fill("by/key \\xff");
    await v.page.locator('input[type=file][aria-label="Upload as this key"]').waitFor({ state: "attached" });
    const [chooser] = await Promise.all([v.page.waitForEvent("filechooser"), v.button("Upload as this key").click()]);
    await chooser.setFiles({ name: "some.txt", mimeType: "text/plain", buffer: Buffer.from("by key") });
    await v.page.getByRole("region", { name: "Uploads" }).getByText(/^1 file uploaded/).first().waitFor();
    const answer = await fetch(`${server}/v1/stores/photos/objects/by/key%20%FF`,
        { headers: { Authorization: "Bearer all" } });
    checks.check("who may write and not list uploads by a key", await answer.text() === "by key", answer.status);
    checks.check("and is not offered to open one", !(await offered(v)).includes("Open"), await offered(v));
    return v;
}

async function deletes({ checks, browser, server }) {
    await ask(server, "PUT", "/v1/stores/photos/objects/doomed", { token: "all", body: "x" });
    const v = await entered(browser, server, "deletes");
    await form(v).getByRole("textbox", { name: "Key" }).fill("doomed");
    await v.button("Open").click();
    await v.button("Delete", v.panel).click();
    await v.dialog.getByRole("button", { name: "Delete" }).click();
    await v.told("1 object deleted");
    const answer = await fetch(`${server}/v1/stores/photos/objects/doomed`,
        { headers: { Authorization: "Bearer all" } });
    checks.check("who may delete and not list does so by a key", answer.status === 404, answer.status);
    return v;
}

async function rules({ checks, browser, server }) {
    const v = await entered(browser, server, "rules");
    await v.main.getByText("a value each second").waitFor();
    checks.check("who may admin and nothing else is led to the plots",
        new URL(v.page.url()).hash === "#/store/photos/live", v.page.url());
    const names = await offered(v), tabs = await v.main.getByRole("navigation").getByRole("link").allTextContents();
    checks.check("and offered limits and deletion", names.includes("Limits") && names.includes("Delete store"), names);
    checks.check("and no list of objects", tabs.join() === "Live", tabs);
    return v;
}

async function two({ checks, browser, server }) {
    await ask(server, "PUT", "/v1/stores/photos/objects/in/2026-01", { token: "all", body: "x" });
    const v = await entered(browser, server, "two");
    checks.check("who may look into two folders is offered these", await v.sees(["in/2026-", "tenant/"]),
        await v.names());
    await v.row("in/2026-").click();
    await v.row("01").waitFor();
    checks.check("one of them may begin in the midst of a name", (await offered(v)).includes("Upload files"));
    const path = v.main.getByRole("navigation", { name: "Folders above" });
    checks.check("and is told whole", (await path.getByRole("link").allTextContents()).join() === "All,in,2026-",
        await path.getByRole("link").allTextContents());
    await path.getByRole("link", { name: "All" }).click();
    await v.row("tenant/").click();
    await v.row("a.png").waitFor();
    await v.go("#/store/photos/changes");
    await v.main.getByText("0 changes since you look").waitFor();
    await v.main.getByRole("combobox", { name: "Below the folder" }).selectOption("in/2026-");
    await v.main.getByText("0 changes since you look").waitFor();
    await ask(server, "PUT", "/v1/stores/photos/objects/in/2026-02", { token: "all", body: "x" });
    await v.row("in/2026-02").waitFor();
    return v;
}

export async function limits(stage) {
    const { checks, browser, folder } = stage;
    const { life, server } = await guarded(join(folder, "limits"), [], WHO);
    for (const scene of [reads, writes, deletes, rules, two]) {
        const v = await scene({ checks, browser, server }), flaws = await v.flaws();
        checks.check(`${scene.name}: nothing for axe`, flaws.length === 0, flaws);
        checks.check(`${scene.name}: nothing to complain about`, v.complaints.length === 0, v.complaints);
        await v.leave();
    }
    await life.end("SIGTERM");
}
