// The script of the page on which a lead answers an invitation. It answers the challenge of the page for the button that a
// person presses: what follows links or submits forms without running it changes nothing.
"use strict";
(() => {
  const page = document.querySelector("main");
  const answer = document.getElementById("resposta");
  const buttons = [...document.querySelectorAll("button[data-acao]")];
  const enable = (can) => buttons.forEach((each) => { each.disabled = !can; });

  async function proof(what) {
    const text = new TextEncoder().encode(`${page.dataset.desafio}.${what}`);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
    return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  async function decide({ acao, inicio }) {
    const decision = { acao, desafio: page.dataset.desafio, prova: await proof(acao) };
    if (inicio) decision.data_agendada = inicio;
    const response = await fetch(location.href, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang },
      body: JSON.stringify(decision),
    });
    // A move makes another version, which has a link of its own.
    if (response.ok) return location.replace((await response.json()).convite);
    answer.textContent = (await response.json()).detail;
    enable(true);
  }

  for (const each of buttons) {
    each.addEventListener("click", (event) => {
      if (!event.isTrusted) return;
      enable(false);
      decide(each.dataset).catch(() => { answer.textContent = page.dataset.falha; enable(true); });
    });
  }
  enable(true);
})();
