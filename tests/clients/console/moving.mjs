// Scenes of stores that another server has: where they are is said, with a way there, and nothing else is asked.

import { createServer, request } from "node:http";
import { ask, put } from "./stage.mjs";
import { Visitor } from "./visitor.mjs";

const STORE = "moved", AT = `/v1/stores/${STORE}`;

// A server of the same stores as another one, but that one store may be at that other one: then it says so.
async function beside(server) {
    const front = { isElsewhere: true, asked: [] };
    const answerElsewhere = (path, answer) => {
        const type = "application/problem+json", told = path === `${AT}/owner`;
        answer.writeHead(told ? 200 : 307, told ? { "Content-Type": "application/json" } :
            { "Content-Type": type, Location: server + path });
        answer.end(JSON.stringify(told ? { name: STORE, here: false, owner: server, url: server + AT } :
            { type: "urn:problem-type:cairn:elsewhere", title: "Another server has the store", status: 307 }));
    };
    const http = createServer((asked, answer) => {
        const path = asked.url, isOfStore = path === AT || [`${AT}/`, `${AT}?`].some((start) => path.startsWith(start));
        front.asked.push(path);
        if (front.isElsewhere && isOfStore)
            return answerElsewhere(path, answer);
        const on = request(server + path, { method: asked.method, headers: asked.headers }, (got) => {
            answer.writeHead(got.statusCode, got.rawHeaders);
            got.pipe(answer);
        });
        on.on("error", () => answer.destroy());
        answer.on("close", () => on.destroy());
        return asked.pipe(on);
    });
    await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
    front.url = `http://127.0.0.1:${http.address().port}`;
    front.end = () => {
        http.closeAllConnections();
        http.close();
    };
    return front;
}

export async function moved({ checks, browser, server }) {
    await ask(server, "PUT", AT);
    await put(server, STORE, "in/one.txt", "one", "text/plain");
    const front = await beside(server), { host } = new URL(server);
    const v = await Visitor.arrive(browser, front.url);
    const there = v.main.getByRole("link", { name: `Open it at ${host}` });
    const leads = async (place, what) => {
        await v.go(place);
        await there.waitFor();
        checks.check(`${what} lead to the same place`, await there.getAttribute("href") === `${server}/console/${place}`,
            await there.getAttribute("href"));
    };
    await v.row(STORE).getByText(`at ${host}`).waitFor();
    await v.row(STORE).click();
    await v.main.getByText("Another server has this store just now.").waitFor();
    await leads(`#/store/${STORE}/objects/in/`, "its objects");
    checks.check("nothing for axe about a store that is elsewhere", (await v.flaws()).length === 0, await v.flaws());
    await leads(`#/store/${STORE}/changes`, "its changes");
    await leads(`#/store/${STORE}/live`, "its plots");
    const before = front.asked.length;
    front.isElsewhere = false;
    await v.go(`#/store/${STORE}/objects/in/`);
    await v.row("one.txt").waitFor();
    checks.check("what is here again is shown", front.asked.length > before);
    front.isElsewhere = true;
    await v.button("Refresh").click();
    await there.waitFor();
    await there.click();
    await v.page.waitForURL(`${server}/console/#/store/${STORE}/objects/in/`);
    await v.row("one.txt").waitFor();
    checks.check("the browser has nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
    front.end();
    await ask(server, "DELETE", `${AT}?force=true`);
}
