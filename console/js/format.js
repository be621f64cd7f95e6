// How numbers, times and contacts are written. Times are shown in the tenant's time zone, which its people think in.
import { signal } from "@preact/signals";
import { language } from "./texts.js";

/** The tenant's time zone, an IANA name; the browser's until the configuration is known. */
export const zone = signal(Intl.DateTimeFormat().resolvedOptions().timeZone || "America/Sao_Paulo");

let ahead = 0;

/** Set what time it is by the API's clock, which decides. @param {string} now ISO 8601 */
export function clock(now) {
  ahead = new Date(now).getTime() - Date.now();
}

/** What time it is by the API's clock, in milliseconds since 1970. */
export function now() {
  return Date.now() + ahead;
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {Intl.DateTimeFormatOptions} options @returns {Intl.DateTimeFormat} */
function format(options) {
  const key = JSON.stringify([language.value, zone.value, options]);
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(language.value, { timeZone: zone.value, ...options });
    formats.set(key, found);
  }
  return found;
}

/** @param {number | null | undefined} value */
export function number(value) {
  return value === null || value === undefined ? "–" : value.toLocaleString(language.value);
}

/** A share of 0 to 1 as a percentage, with one decimal below 10 %. @param {number | null | undefined} share */
export function percent(share) {
  if (share === null || share === undefined || Number.isNaN(share)) return "–";
  const digits = share > 0 && share < 0.1 ? 1 : 0;
  return share.toLocaleString(language.value, { style: "percent", maximumFractionDigits: digits });
}

/** @param {number | string | null | undefined} value reais */
export function money(value) {
  if (value === null || value === undefined || value === "") return "–";
  return Number(value).toLocaleString(language.value, { style: "currency", currency: "BRL" });
}

/** @param {number | null | undefined} bytes */
export function size(bytes) {
  if (bytes === null || bytes === undefined) return "–";
  const units = ["B", "kB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toLocaleString(language.value, { maximumFractionDigits: value < 10 && unit ? 1 : 0 })} ${units[unit]}`;
}

/** Date and time, `30/11/2026 14:05`. @param {string | Date | null | undefined} instant ISO 8601 with offset */
export function dateTime(instant) {
  if (!instant) return "–";
  return format({ dateStyle: "short", timeStyle: "short" }).format(new Date(instant));
}

/** @param {string | Date | null | undefined} instant */
export function time(instant) {
  return instant ? format({ timeStyle: "short" }).format(new Date(instant)) : "–";
}

/** @param {string | Date | null | undefined} instant */
export function date(instant) {
  return instant ? format({ dateStyle: "short" }).format(new Date(instant)) : "–";
}

/** `seg., 30 de nov.` @param {string | Date} instant */
export function weekday(instant) {
  return format({ weekday: "short", day: "numeric", month: "short" }).format(new Date(instant));
}

/** How long ago or how far ahead: `há 5 minutos`. @param {string | Date | null | undefined} instant */
export function relative(instant) {
  if (!instant) return "–";
  const seconds = Math.round((new Date(instant).getTime() - now()) / 1000);
  const relatively = new Intl.RelativeTimeFormat(language.value, { numeric: "auto" });
  for (const [unit, length] of /** @type {[Intl.RelativeTimeFormatUnit, number][]} */ ([
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
  ])) {
    if (Math.abs(seconds) >= length) return relatively.format(Math.trunc(seconds / length), unit);
  }
  return relatively.format(seconds, "second");
}

/** `1 h 05 min`, `40 s`. @param {number | null | undefined} seconds */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
}

/**
 * The calendar day of an instant in the tenant's time zone, as `YYYY-MM-DD`.
 * @param {string | Date | number} instant
 */
export function dayOf(instant) {
  return localInput(instant).slice(0, 10);
}

/** Whether a text, such as one of the address, is a day of the calendar, `YYYY-MM-DD`. @param {string | null | undefined} text @returns {text is string} */
export function isDay(text) {
  const at = new Date(`${text}T00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 10) === text;
}

/** @param {string} day `YYYY-MM-DD` @param {number} days may be negative */
export function addDays(day, days) {
  const at = new Date(`${day}T00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const clocks = new Map();

/**
 * The value of an `<input type="datetime-local">`: the wall-clock time of an instant, `YYYY-MM-DDTHH:MM`.
 * @param {string | Date | number} instant
 * @param {string} [at] an IANA zone; the tenant's unless it is given
 */
export function localInput(instant, at = zone.value) {
  let clock = clocks.get(at);
  if (!clock) {
    clock = new Intl.DateTimeFormat("sv-SE", {
      timeZone: at,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    });
    clocks.set(at, clock);
  }
  return clock.format(new Date(instant)).replace(" ", "T");
}

/**
 * The instant of a wall-clock time, as ISO 8601 with `Z`.
 * @param {string} local `YYYY-MM-DDTHH:MM`, as a `datetime-local` input gives it
 * @param {string} [at] an IANA zone; the tenant's unless it is given
 */
export function instantOf(local, at = zone.value) {
  const wanted = Date.parse(`${local.length === 10 ? `${local}T00:00` : local}Z`);
  // The offset at the instant itself decides; a second look settles a change of it in between.
  let instant = wanted;
  for (let pass = 0; pass < 2; pass += 1) instant = wanted - (Date.parse(`${localInput(instant, at)}Z`) - instant);
  return new Date(instant).toISOString();
}

/** `(71) 99999-1234` of a Brazilian number in E.164; any other as it is. @param {string | null | undefined} e164 */
export function phone(e164) {
  const found = /^\+55(\d{2})(\d{4,5})(\d{4})$/.exec(e164 ?? "");
  return found ? `(${found[1]}) ${found[2]}-${found[3]}` : (e164 ?? "–");
}

/** CPF or CNPJ with its signs. @param {string | null | undefined} digits */
export function documentOf(digits) {
  if (!digits) return "–";
  if (/^\d{11}$/.test(digits)) return digits.replace(/(\d{3})(\d{3})(\d{3})(\d{2})/, "$1.$2.$3-$4");
  if (/^[0-9A-Z]{12}\d{2}$/.test(digits)) return digits.replace(/(.{2})(.{3})(.{3})(.{4})(.{2})/, "$1.$2.$3/$4-$5");
  return digits;
}
