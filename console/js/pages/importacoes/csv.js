// Error reports as text: read with quotes, line breaks inside cells and a byte order mark, and written the same way.

const MOST_BYTES = 20_000_000;
const SEPARATORS = [";", ",", "\t"];

/**
 * The rows of a CSV text. The header says what stands between the cells.
 * @param {string} text
 * @returns {string[][]}
 */
export function parse(text) {
  const plain = text.replace(/^\uFEFF/, "");
  const separator = separatorOf(plain);
  const rows = [];
  /** @type {string[]} */
  let row = [];
  let place = 0;
  while (place < plain.length) {
    let cell = "";
    if (plain[place] === '"') {
      const [end, inside] = quoted(plain, place + 1);
      cell = inside;
      place = end;
    }
    const bare = until(plain, place, separator);
    row.push(cell + plain.slice(place, bare));
    place = bare;
    if (plain[place] === separator) {
      place += 1;
      if (place < plain.length) continue;
      row.push("");
    }
    rows.push(row);
    row = [];
    place += plain.startsWith("\r\n", place) ? 2 : 1;
  }
  return rows;
}

/** The end of a quoted cell, behind its last quote, and what is in it. @param {string} text @param {number} from @returns {[number, string]} */
function quoted(text, from) {
  let inside = "";
  let place = from;
  for (;;) {
    const quote = text.indexOf('"', place);
    if (quote < 0) return [text.length, inside + text.slice(place)];
    inside += text.slice(place, quote);
    if (text[quote + 1] !== '"') return [quote + 1, inside];
    inside += '"';
    place = quote + 2;
  }
}

/** @param {string} text @param {number} from @param {string} separator */
function until(text, from, separator) {
  let place = from;
  while (place < text.length && text[place] !== separator && text[place] !== "\n" && text[place] !== "\r") place += 1;
  return place;
}

/** @param {string} text */
function separatorOf(text) {
  const header = (/^(?:"(?:[^"]|"")*"|[^"\r\n])*/.exec(text)?.[0] ?? "").replace(/"(?:[^"]|"")*"/g, "");
  const count = (/** @type {string} */ each) => header.split(each).length;
  return SEPARATORS.reduce((best, each) => (count(each) > count(best) ? each : best));
}

/** A CSV as the reports are: UTF-8 with a byte order mark, `;`, every cell in quotes. @param {string[][]} rows */
export function written(rows) {
  const line = (/** @type {string[]} */ row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(";");
  return `\uFEFF${rows.map(line).join("\r\n")}\r\n`;
}

/**
 * A cell as a person wrote it: reports put an apostrophe before what a spreadsheet would run as a formula. A cell that
 * is sent back needs none: the API takes it away again.
 * @param {string} cell
 */
export function original(cell) {
  return cell.replace(/(^|[,;\t\r\n])'(?=[\s'"]*[=+\-@＝＋－＠])/g, "$1");
}

/**
 * The beginning of a text at an address, which may be hundreds of megabytes long.
 * @param {string} url
 * @param {AbortSignal} signal
 * @returns {Promise<{text: string, isCut: boolean}>}
 */
export async function beginning(url, signal) {
  const response = await fetch(url, { signal });
  if (!response.ok || !response.body) throw new TypeError(String(response.status));
  const reader = response.body.getReader();
  const decoder = new TextDecoder("utf-8");
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { text: text + decoder.decode(), isCut: false };
    text += decoder.decode(value, { stream: true });
    bytes += value.length;
    if (bytes > MOST_BYTES) {
      await reader.cancel();
      return { text: text.slice(0, text.lastIndexOf("\n")), isCut: true };
    }
  }
}
