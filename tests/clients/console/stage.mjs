// What the scenes of the console need: a server with stores, objects under keys of every kind, and files.

import { randomBytes } from "node:crypto";
import { deflateSync } from "node:zlib";

export async function ask(server, method, path, { token, ...options } = {}) {
    const headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
    const answer = await fetch(`${server}${path}`, { method, ...options, headers });
    const text = await answer.text();
    if (!answer.ok)
        throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text;
}

export const put = (server, store, path, body, type, headers = {}) =>
    ask(server, "PUT", `/v1/stores/${store}/objects/${path}`,
        { body, headers: { ...(type ? { "Content-Type": type } : {}), ...headers } });

export const batch = (server, store, operations, token) => ask(server, "POST", `/v1/stores/${store}/batch`,
    { token, body: JSON.stringify({ operations }), headers: { "Content-Type": "application/json" } });

export const list = async (server, store, query = "") =>
    JSON.parse(await ask(server, "GET", `/v1/stores/${store}/objects?${query}`)).objects;

// Keys that pages and libraries get wrong, as bytes, with what the console calls them.
export const AWKWARD = [
    ["..", ".."], [".", "."], ["/", "/"], ["//", "//"], ["/x", "/x"], ["x/", "x/"], ["a/../b", "a/../b"],
        ["a//b", "a//b"], ["a/./c", "a/./c"],
    ["nul\0byte", "nul\\x00byte"], ["line\nfeed", "line\\x0afeed"], ["not\xffutf8", "not\\xffutf8"], ["\xfe", "\\xfe"],
        ["back\\slash", "back\\\\slash"],
    ["%2e%2e", "%2e%2e"], ["100%", "100%"], ["question?", "question?"], ["hash#tag", "hash#tag"],
        ["plus+and&is=", "plus+and&is="], ["<b>bold</b>", "<b>bold</b>"],
    ["\xe2\x80\xaegpj.exe", "\\xe2\\x80\\xaegpj.exe"],
        ["gr\xc3\xbc\xc3\x9fe/\xe6\xbc\xa2\xe5\xad\x97/\xf0\x9f\x97\xbf", "grüße/漢字/🗿"], [" ", "\\x20"],
        ["trail ", "trail\\x20"], ["a\xc2\xa0b", "a\\xc2\\xa0b"], ["\xe3\x85\xa4", "\\xe3\\x85\\xa4"], ["y/..", "y/.."],
        ["\xd7\x90/\xd7\x91", "א/ב"],
        ["\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7", "👨‍👩‍👧"],
        ["'quoted'\"", "'quoted'\""],
    ["\\x41", "\\\\x41"], [`long-${"k".repeat(1019)}`, `long-${"k".repeat(1019)}`],
].map(([bytes, shown]) => ({ bytes: Buffer.from(bytes, "latin1"), shown }));

// ---- files of each kind -----------------------------------------------------------------------------

function chunk(type, data) {
    const body = Buffer.concat([Buffer.from(type), data]), table = [];
    for (let n = 0; n < 256; n++) {
        let c = n;
        for (let k = 0; k < 8; k++)
            c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
        table[n] = c >>> 0;
    }
    let sum = 0xffffffff;
    for (const byte of body)
        sum = table[(sum ^ byte) & 0xff] ^ (sum >>> 8);
    const head = Buffer.alloc(4), tail = Buffer.alloc(4);
    head.writeUInt32BE(data.length);
    tail.writeUInt32BE((sum ^ 0xffffffff) >>> 0);
    return Buffer.concat([head, body, tail]);
}

// A landscape: some hills in front of an evening, so that there is something to look at in the pictures.
export function png(width, height) {
    const rows = [];
    for (let y = 0; y < height; y++) {
        const row = Buffer.alloc(1 + width * 3);
        for (let x = 0; x < width; x++) {
            const depth = [0.45, 0.6, 0.75].findLastIndex((base, hill) =>
                y / height > base + 0.07 * Math.sin(x / width * (6 + 3 * hill) + 2 * hill));
            const colour = depth < 0 ? [250 - 90 * y / height, 190 - 60 * y / height, 150 + 40 * y / height] :
                [[104, 130, 140], [62, 99, 106], [30, 61, 66]][depth];
            colour.forEach((part, index) => { row[1 + x * 3 + index] = part; });
        }
        rows.push(row);
    }
    const head = Buffer.alloc(13);
    head.writeUInt32BE(width, 0);
    head.writeUInt32BE(height, 4);
    head.set([8, 2, 0, 0, 0], 8);
    return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head),
        chunk("IDAT", deflateSync(Buffer.concat(rows))), chunk("IEND", Buffer.alloc(0))]);
}

// So many seconds of a tone.
export function wav(seconds) {
    const rate = 8000, second = Buffer.alloc(rate), head = Buffer.alloc(44);
    for (let i = 0; i < rate; i++)
        second[i] = 128 + 60 * Math.sin(i / rate * 2 * Math.PI * 440);
    const samples = Buffer.alloc(seconds * rate, second);
    head.write("RIFF");
    head.writeUInt32LE(36 + samples.length, 4);
    head.write("WAVEfmt ", 8);
    head.writeUInt32LE(16, 16);
    head.writeUInt16LE(1, 20);
    head.writeUInt16LE(1, 22);
    head.writeUInt32LE(rate, 24);
    head.writeUInt32LE(rate, 28);
    head.writeUInt16LE(1, 32);
    head.writeUInt16LE(8, 34);
    head.write("data", 36);
    head.writeUInt32LE(samples.length, 40);
    return Buffer.concat([head, samples]);
}

export const pdf = () => Buffer.from(`%PDF-1.4
1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 300 144] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>>>>>> endobj
4 0 obj <</Length 45>> stream
BT /F1 24 Tf 40 70 Td (A page of a PDF) Tj ET
endstream endobj
5 0 obj <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>> endobj
trailer <</Root 1 0 R>>
`);

// A second of video, recorded by the browser itself.
export const webm = async (page) => Buffer.from(await page.evaluate(async () => {
    const canvas = document.createElement("canvas"), paint = canvas.getContext("2d");
    const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: "video/webm" }), parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const ended = new Promise((resolve) => { recorder.onstop = resolve; });
    recorder.start();
    for (let frame = 0; frame < 20; frame++) {
        paint.fillStyle = `hsl(${frame * 18} 60% 50%)`;
        paint.fillRect(0, 0, canvas.width, canvas.height);
        await new Promise((resolve) => setTimeout(resolve, 50)); // a frame of what is recorded
    }
    recorder.stop();
    await ended;
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}), "base64");

export const noise = (length) => randomBytes(length);
