// format.js - numbers, sizes and times as people read them, in the language of the browser.

const whole = new Intl.NumberFormat();
const short = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit",
    hour12: false });

export const number = (value) => whole.format(value);

// Of 3 digits, with the first of the units that takes no more in front of the point.
function scaled(value, units, step) {
    let unit = 0;
    for (; Math.abs(value) >= 999.5 && unit < units.length - 1; unit++)
        value /= step;
    return `${short.format(value)}\u00a0${units[unit]}`;
}

export const bytes = (value) => scaled(value, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"], 1024);
export const microseconds = (value) => scaled(value, ["µs", "ms", "s"], 1000);
export const compact = (value) => scaled(value, ["", "k", "M", "G"], 1000).replace(/\u00a0$/, "");
export function percent(part, all) {
    return `${all > 0 ? short.format(Math.round(1000 * part / all) / 10) : 0}\u00a0%`;
}

export const date = (text) => moment.format(new Date(text));
export const time = (milliseconds) => clock.format(new Date(milliseconds));

const { group, decimal } = Object.fromEntries(whole.formatToParts(1234567.8).map(({ type, value }) => [type, value]));

// "5000", "1.5", and "5,000" where thousands are written so; NaN for anything else.
export function readNumber(text) {
    const plain = text.replaceAll(group, "").replace(decimal, ".");
    const value = /^\d+(\.\d+)?$/.test(plain) ? Number(plain) : NaN;
    return text.includes(group) && number(value) !== text ? NaN : value;
}

// "1.5 GiB", "20 MB" or "5,000" as a number of bytes; NaN for what is none.
export function readBytes(text) {
    const [, value, unit, binary] = /^(.*?)\s*([kmgtp]?)(i?)b?$/i.exec(text);
    const bytes = readNumber(value) * (binary ? 1024 : 1000) ** " kmgtp".indexOf(unit.toLowerCase() || " ");
    return unit ? Math.round(bytes) : bytes;
}
