"use strict";
// What a page does beyond its forms: it hears of news, opens masked numbers, and listens to the keyboard. Everything works without it but these.
(() => {
  const words = document.body.dataset;
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const news = document.getElementById("news");
  const keys = document.getElementById("keys");

  function tell(text, act) {
    news.replaceChildren(text);
    if (act) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "link";
      button.textContent = text;
      button.addEventListener("click", act);
      news.replaceChildren(button);
    }
    news.hidden = !text;
  }

  // A masked number: the server records who looked.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-open]");
    if (!button) return;
    button.disabled = true;
    try {
      const answer = await fetch(button.dataset.open, { method: "POST", headers: { "X-CSRF-Token": token, "X-Part": "open" } });
      if (!answer.ok) throw new Error(String(answer.status));
      button.closest(".masked").querySelector(".masked-text").textContent = (await answer.json()).text;
      button.remove();
    } catch {
      button.disabled = false;
      tell(words.failed);
    }
  });

  // A list as a workbook may take a while: the page says so until the file is there.
  document.addEventListener("click", async (event) => {
    const link = event.target.closest('a[href*=".xlsx"]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    tell(words.preparing);
    try {
      const answer = await fetch(link.href);
      const name = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") || "");
      if (!answer.ok || !name) return location.assign(link.href);
      const saved = document.createElement("a");
      saved.href = URL.createObjectURL(await answer.blob());
      saved.download = name[1];
      saved.click();
      setTimeout(() => URL.revokeObjectURL(saved.href), 60_000);
      tell("");
    } catch {
      tell(words.failed);
    }
    return undefined;
  });

  document.addEventListener("change", (event) => {
    const every = event.target.dataset.tickAll;
    if (every) for (const box of event.target.form.querySelectorAll(`[name="${every}"]`)) box.checked = event.target.checked;
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });
  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm || event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
    for (const field of event.target.querySelectorAll("[data-drop-empty]")) if (!field.value) field.disabled = true;
  });

  // What somebody has begun to fill in is not taken from them by news; and a form with a preview shows it as they type.
  let typing = 0;
  document.addEventListener("input", (event) => {
    const form = event.target.closest("#live form");
    if (!form) return;
    form.setAttribute("data-opened", "");
    if (!form.dataset.preview) return;
    clearTimeout(typing);
    typing = setTimeout(() => preview(form), 300);
  });
  async function preview(form) {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { "X-Part": "preview", Accept: "text/html" } });
    if (!answer.ok) return tell(words.failed);
    const made = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(form.dataset.preview);
    if (made) document.getElementById(form.dataset.preview).replaceWith(document.adoptNode(made));
    return undefined;
  }
  for (const button of document.querySelectorAll(".no-script")) button.hidden = true;

  // News: the page asks for itself anew, unless somebody is writing on it or has opened something.
  function isBusy() {
    const active = document.activeElement;
    return Boolean(document.querySelector("#live details[open], #live [name=ids]:checked, dialog[open]")) ||
      (active && active.matches("#live input, #live textarea, #live select")) || Boolean(document.querySelector("#live [data-opened]"));
  }
  async function refresh() {
    const answer = await fetch(location.href, { headers: { "X-Part": "live", Accept: "text/html" } });
    if (answer.status === 401) return location.assign("/login");
    if (!answer.ok) return undefined;
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = made.getElementById("live");
    if (fresh) document.getElementById("live").replaceWith(document.adoptNode(fresh));
    tell("");
    return undefined;
  }
  if (document.getElementById("live")) {
    const live = new EventSource("/live");
    live.addEventListener("changed", () => (isBusy() ? tell(words.fresh, () => location.reload()) : refresh()));
    live.addEventListener("error", () => tell(words.offline));
    live.addEventListener("open", () => { if (news.textContent === words.offline) refresh(); });
    window.addEventListener("pagehide", () => live.close());
  }

  // At a phone's width the menu is one line: the page's own entry is brought into sight.
  const own = document.querySelector(".menu [aria-current]");
  if (own) own.closest(".menu").scrollLeft = own.offsetLeft - 24;

  // Keys: / finds, g and a letter goes, ? helps.
  let going = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
    if (Date.now() - going < 1500) {
      const link = document.querySelector(`.menu [data-key="${CSS.escape(event.key)}"]`);
      going = 0;
      if (link) link.click();
    } else if (event.key === "g") {
      going = Date.now();
    } else if (event.key === "/") {
      event.preventDefault();
      document.getElementById("find").focus();
    } else if (event.key === "?") {
      keys.showModal();
    }
  });
})();
