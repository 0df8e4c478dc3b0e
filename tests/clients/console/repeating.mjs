// Scenes of answers that are lost on their way, or that somebody else gives in front of the server: a browser sends again
// by itself what it had no answer to, and whoever looks whether something is done may be told nothing.

import { Agent, createServer, request } from "node:http";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ask, batch, list, noise, put } from "./stage.mjs";
import { MIB, choose, cleared, dock, ended, says } from "./uploading.mjs";
import { Visitor } from "./visitor.mjs";

const STORE = "/v1/stores/repeated";
const PLACE = "#/store/repeated/objects/";

// A proxy that ends the connection, which was used before, in place of the first good answer to what `loses` tells.
async function proxied(server) {
    const agent = new Agent({ keepAlive: true });
    const proxy = createServer((asked, answer) => {
        const on = request(server + asked.url, { method: asked.method, headers: asked.headers, agent }, (got) => {
            if (got.statusCode < 300 && proxy.loses(asked, got)) {
                proxy.loses = () => false;
                proxy.lost++;
                got.resume().on("end", () => asked.socket.destroy());
                return;
            }
            answer.writeHead(got.statusCode, got.headers);
            got.pipe(answer);
        });
        on.on("error", () => answer.destroy());
        asked.pipe(on);
    });
    Object.assign(proxy, { loses: () => false, lost: 0, keepAliveTimeout: 60000 });
    await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    proxy.url = `http://127.0.0.1:${proxy.address().port}`;
    proxy.end = () => {
        proxy.closeAllConnections();
        proxy.close();
        agent.destroy();
    };
    return proxy;
}

const files = (name, count, length, type = "text/plain") => Array.from({ length: count }, (_, number) =>
    ({ name: `${name}-${number}`, mimeType: type, buffer: noise(length) }));

// What the foot of the page says may have been said of the file before.
const uploaded = (v, name) => dock(v).locator(".rows .row:not([hidden])").filter({ hasText: `${name}Uploaded` }).waitFor()
    .then(() => true, () => false);

const keys = async (server, prefix) =>
    (await list(server, "repeated", `prefix=${prefix}&limit=1000`)).map(({ key }) => key).join();

async function begin(browser, server, at = server) {
    await ask(server, "PUT", STORE);
    const v = await Visitor.arrive(browser, at, { place: PLACE });
    await v.main.getByText("There is nothing in this store").or(v.grid).first().waitFor();
    return v;
}

async function end({ checks, server }, v) {
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
    await ask(server, "DELETE", `${STORE}?force=true`);
}

// What the first sending has done is known for one's own, and not asked about.
export async function repeated(stage) {
    const { checks, browser, server, folder } = stage, proxy = await proxied(server);
    const v = await begin(browser, server, proxy.url), large = join(folder, "repeated-0"), bytes = noise(9 * MIB);
    await writeFile(large, bytes);
    for (const [name, sent, loses] of [
        ["small", files("small", 1, 100000), ({ method }) => method === "PUT"],
        ["lot", files("lot", 20, 500), ({ url }) => url.endsWith("/batch")],
        ["repeated", [large], ({ method }, { headers }) => method === "PATCH" &&
            headers["upload-offset"] === String(bytes.length)]]) {
        const before = proxy.lost;
        await v.page.evaluate(() => fetch("/v1/access")); // there is a connection
        proxy.loses = loses;
        await choose(v, "Upload files", sent);
        const isDone = await ended(v, sent.length === 1 ? "1 file" : `${sent.length} files`).then(() => true, () => false);
        checks.check(`${name}: nobody is asked about what he has sent himself`, isDone && proxy.lost === before + 1,
            await dock(v).innerText());
        const there = (await keys(server, name)).split(",");
        checks.check(`${name}: each is there once`, there.length === sent.length, there);
        await cleared(v);
    }
    await before({ checks, v });
    await transferred({ checks, v, proxy });
    proxy.end();
    await end(stage, v);
}

// What somebody has put there before, byte for byte and of the same type, is asked about all the same.
async function before({ checks, v }) {
    const [file] = files("before", 1, 100000);
    await put(v.server, "repeated", file.name, file.buffer, file.mimeType);
    await v.page.waitForTimeout(2100); // times of objects are told in seconds
    await choose(v, "Upload files", [file]);
    await v.button("Skip them", v.question).click();
    await says(v, /^0 files uploaded, 1 skipped/);
    checks.check("what was there before is asked about", true);
    await cleared(v);
}

async function transferred({ checks, v, proxy }) {
    const names = (count) => Array.from({ length: count }, (_, number) => `several/${number}`);
    await batch(v.server, "repeated", ["one", ...names(3)].map((key) => ({ op: "put", key, data: btoa(key) })));
    for (const [how, from, to, told] of [["Copy to…", "one", "two", "Copied to two"],
        ["Rename or move", "two", "three", "Moved to three"]]) {
        await v.go(`${PLACE}?open=/${from}`);
        await v.button(how, v.panel).click();
        proxy.loses = ({ method }) => method === "POST";
        await v.dialog.getByRole("textbox", { name: "Key" }).fill(to);
        await v.page.keyboard.press("Enter");
        const isTold = await v.told(told).then(() => true, () => false);
        checks.check(`${how}: it is seen that it is done`, isTold,
            isTold || await v.dialog.innerText());
    }
    await v.go(`${PLACE}several/`);
    await v.row("0").waitFor();
    await v.grid.focus();
    await v.page.keyboard.press("Control+A");
    proxy.loses = ({ url }) => url.endsWith("/copy");
    await v.button("Copy to…", v.main).click();
    await v.dialog.getByRole("textbox", { name: "Folder" }).fill("copies/");
    await v.page.keyboard.press("Enter");
    const isTold = await v.told("3 objects copied").then(() => true, () => false);
    checks.check("of several that are copied nobody is asked about any", isTold && !proxy.loses({ url: "/copy" }),
        isTold || await v.dialog.innerText());
}

// Whoever looks whether a key is one's own, or free, may find a server that has too much to do, or none.
export async function doubted(stage) {
    const { checks, browser, server, folder } = stage, v = await begin(browser, server);
    const page = (status) => ({ status, contentType: "text/html", body: "<h1>busy</h1>" });
    for (const [status, how] of [[503, "HEAD"], [429, "GET"], [502, "HEAD"], [408, "GET"], [200, "GET"]]) {
        const sent = files(`busy-${status}`, 1, 100000);
        let puts = 0, looks = 0;
        await v.page.route("**/objects/busy-*", async (route) => {
            const method = route.request().method();
            if (method === "PUT" && puts++ === 0) {
                await route.fetch();
                return route.abort("connectionreset");
            }
            return method === how && looks++ === 0 ? route.fulfill(page(status)) : route.continue();
        });
        await choose(v, "Upload files", sent);
        const isDone = await uploaded(v, sent[0].name);
        checks.check(`${how} ${status}: who has too much to do is asked again whose it is`, isDone && looks > 1,
            await dock(v).innerText());
        await v.page.unroute("**/objects/busy-*");
        await cleared(v);
    }
    for (const how of [503, "lost"]) {
        const path = join(folder, `free-${how}`);
        await writeFile(path, noise(9 * MIB));
        let looks = 0;
        await v.page.route("**/objects/free-*", (route) => route.request().method() !== "GET" || looks++ > 0 ?
            route.continue() : how === "lost" ? route.abort("connectionreset") : route.fulfill(page(how)));
        await choose(v, "Upload files", [path]);
        const isDone = await uploaded(v, `free-${how}`);
        checks.check(`${how}: a free key is none that fails`, isDone && looks > 1, await dock(v).innerText());
        await v.page.unroute("**/objects/free-*");
        await cleared(v);
    }
    await packed({ checks, v, folder });
    await end(stage, v);
}

// A proxy that gives the ETag an end of its own.
async function packed({ checks, v, folder }) {
    await put(v.server, "repeated", "packed", "somebody else's");
    await v.page.route("**/objects/packed", async (route) => {
        if (route.request().method() !== "HEAD")
            return route.continue();
        const response = await route.fetch(), headers = response.headers();
        return route.fulfill({ response, headers: { ...headers, etag: headers.etag.replace(/"$/, "-gzip\"") } });
    });
    const path = join(folder, "packed");
    await writeFile(path, noise(9 * MIB));
    await choose(v, "Upload files", [path]);
    const isAsked = await v.question.waitFor().then(() => true, () => false);
    checks.check("an ETag with another end is one all the same", isAsked, await dock(v).innerText());
    await v.button("Skip them", v.question).click();
    await says(v, /^0 files uploaded, 1 skipped/);
}

// Somebody says 200 in front of the server: nothing is said to be done that is not.
export async function receipted(stage) {
    const { checks, browser, server } = stage, v = await begin(browser, server);
    await batch(server, "repeated", ["one", "two"].map((key) => ({ op: "put", key, data: btoa(key) })));
    const away = () => v.dialog.getByText("The server cannot be reached").waitFor().then(() => true, () => false);
    for (const answer of [{ contentType: "text/html", body: "<h1>Sign in</h1>" }, { json: {} }]) {
        const kind = answer.json ? "JSON" : "a page";
        await v.page.route("**/v1/**", (route) => ["GET", "HEAD"].includes(route.request().method()) ? route.continue() :
            route.fulfill({ status: 200, ...answer }));
        const press = async (what, name, fill = () => {}) => {
            await fill();
            await v.dialog.getByRole("button", { name }).click();
            checks.check(`${kind} for ${what} is no receipt`, await away(), await v.page.locator(".notice").allTextContents());
            await v.page.keyboard.press("Escape");
            await v.dialog.waitFor({ state: "detached" });
        };
        const typed = (label, text) => () => v.dialog.getByRole("textbox", { name: label }).fill(text);
        await v.go(`${PLACE}?open=/one`);
        await v.button("Rename or move", v.panel).click();
        await press("a move", "Move", typed("Key", "three"));
        await v.button("Delete", v.panel).click();
        await press("a deletion", "Delete");
        await v.page.keyboard.press("Escape");
        await v.button("Limits").click();
        await press("limits", "Set limits", typed("Bytes", "5,000"));
        await v.button("Delete store").click();
        await press("the deletion of a store", "Delete", typed("Type repeated", "repeated"));
        await v.page.unroute("**/v1/**");
    }
    const { limits } = JSON.parse(await ask(server, "GET", STORE));
    checks.check("nothing was done", await keys(server, "") === "one,two" && limits.bytes === null, limits);
    await end(stage, v);
}

// Who wants to be asked after years is asked after an hour, and not at once.
export async function patient(stage) {
    const { checks, browser, server } = stage;
    for (const after of ["3000000", "99999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"]) {
        const v = await begin(browser, server);
        let asks = 0;
        await v.page.route("**/objects/patient-*", (route) => {
            asks++;
            return route.fulfill({ status: 503, headers: { "Retry-After": after }, json: {} });
        });
        await choose(v, "Upload files", files("patient", 1, 100000));
        await says(v, "wants to be asked later");
        await v.page.waitForTimeout(1500); // nothing is to come
        checks.check(`Retry-After: ${after}: it waits`, asks === 1, asks);
        await end(stage, v);
    }
}
