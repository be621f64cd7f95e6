// A series over time, drawn by uPlot, which is loaded when the first one is shown. Its numbers stand in a table below.
import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { number } from "../format.js";
import { language, t } from "../texts.js";

/** @type {Promise<void> | undefined} */
let load;

function library() {
  load ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = new URL("../../vendor/uPlot.iife.min.js", import.meta.url).href;
    script.onload = () => done();
    script.onerror = () => failed(new Error("uPlot"));
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = new URL("../../vendor/uPlot.min.css", import.meta.url).href;
    document.head.append(style, script);
  });
  return load;
}

/**
 * @param {{
 *   caption: string, times: number[], timeText: (seconds: number) => string,
 *   lines: {label: string, values: number[], color: string}[], height?: number,
 * }} props `times`: seconds since 1970; `values`: counts; `color`: the name of a custom property of the style sheet, such as `--good`
 */
export function Series({ caption, times, timeText, lines, height = 160 }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const key = JSON.stringify([language.value, times, lines.map((line) => line.values)]);
  useEffect(() => {
    /** @type {any} */
    let plot;
    let gone = false;
    /** @type {ResizeObserver | undefined} */
    let watch;
    /** @type {MutationObserver | undefined} */
    let themes;
    const ended = new AbortController();
    library().then(() => {
      const box = place.current;
      if (gone || !box) return;
      const style = getComputedStyle(box);
      // Read at each drawing: the theme may change while the page is open. A canvas cannot read `light-dark()`; a colour can.
      const ink = (/** @type {string} */ name) => () => {
        box.style.color = `var(${name})`;
        return style.color;
      };
      const axis = { stroke: ink("--muted"), grid: { stroke: ink("--line"), width: 1 }, ticks: { stroke: ink("--line"), width: 1 } };
      plot = new globalThis.uPlot(
        {
          width: box.clientWidth,
          height,
          cursor: { y: false },
          legend: { show: false },
          series: [{}, ...lines.map((each) => ({ label: each.label, stroke: ink(each.color), width: 2 }))],
          axes: [
            { ...axis, values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map(timeText) },
            { ...axis, size: 48, values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map((tick) => (Number.isInteger(tick) ? number(tick) : "")) },
          ],
          scales: { y: { range: (/** @type {any} */ _, /** @type {number} */ __, /** @type {number} */ most) => [0, Math.max(1, most * 1.1)] } },
        },
        [times, ...lines.map((each) => each.values)],
        box,
      );
      watch = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height }));
      watch.observe(box);
      themes = new MutationObserver(() => plot.redraw());
      themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw(), { signal: ended.signal });
    });
    return () => {
      gone = true;
      watch?.disconnect();
      themes?.disconnect();
      ended.abort();
      plot?.destroy();
    };
  }, [key]);
  return html`<figure class="series">
    <figcaption>
      ${caption}
      <span class="legend">${lines.map((line) => html` <span key=${line.label}><i style=${{ background: `var(${line.color})` }}></i>${line.label}</span>`)}</span>
    </figcaption>
    <div ref=${place} aria-hidden="true"></div>
    <details>
      <summary>${t("acao.ver_numeros")}</summary>
      <table class="list">
        <thead><tr><th scope="col">${t("serie.quando")}</th>${lines.map((line) => html`<th scope="col" class="end">${line.label}</th>`)}</tr></thead>
        <tbody>
          ${times.map(
            (at, index) => html`<tr key=${at}><th scope="row">${timeText(at)}</th>${lines.map((line) => html`<td class="end">${number(line.values[index])}</td>`)}</tr>`,
          )}
        </tbody>
      </table>
    </details>
  </figure>`;
}
