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

  // Long work: what is done, how far it is, in numbers. Without a total the bar only shows that something goes on.
  const work = document.getElementById("work");
  function far(label, done, total, number) {
    const bar = document.getElementById("work-bar");
    const said = document.getElementById("work-label");
    if (said.textContent !== label) said.textContent = label; // read out once, not at every step
    if (total) Object.assign(bar, { max: total, value: done });
    else bar.removeAttribute("value");
    document.getElementById("work-number").textContent = number;
    work.hidden = false;
  }
  function save(blob, name) {
    const saved = document.createElement("a");
    saved.href = URL.createObjectURL(blob);
    saved.download = name;
    saved.click();
    setTimeout(() => URL.revokeObjectURL(saved.href), 60_000);
  }
  const size = (bytes) => (bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`);

  // A list as a workbook may take a while: the page says so, and how many rows are read or how much has come, until the file is there.
  document.addEventListener("click", async (event) => {
    const link = event.target.closest('a[href*=".xlsx"]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    far(words.preparing, 0, 0, "");
    try {
      const answer = await fetch(link.href, { headers: { "X-Part": "progress" } });
      if (answer.ok && answer.headers.get("content-type").startsWith("application/x-ndjson")) return await follow(answer.body.getReader(), words.preparing);
      const name = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") || "");
      if (!answer.ok || !name) return location.assign(link.href);
      const total = answer.headers.has("content-encoding") ? 0 : Number(answer.headers.get("content-length"));
      const parts = [];
      let got = 0;
      for await (const part of pieces(answer.body.getReader())) {
        parts.push(part);
        got += part.length;
        far(words.preparing, got, total, total ? `${size(got)} / ${size(total)}` : words.received.replace("SIZE", size(got)));
      }
      save(new Blob(parts, { type: answer.headers.get("content-type") }), name[1]);
    } catch {
      tell(words.failed);
    } finally {
      work.hidden = true;
    }
    return undefined;
  });
  async function* pieces(reader) {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  }

  // Work on many rows: the answer says how far it is, and then what has come of it (console/progress.py).
  async function carryOut(form, button) {
    far(button.dataset.progress, 0, 0, "");
    try {
      const answer = await fetch(button.formAction, { method: "POST", body: new FormData(form), headers: { "X-Part": "progress", Accept: "text/html" } });
      if (answer.headers.get("content-type").startsWith("text/html")) return put(await answer.text());
      if (!answer.ok) throw new Error(String(answer.status));
      return await follow(answer.body.getReader(), button.dataset.progress);
    } catch {
      return tell(words.failed);
    } finally {
      work.hidden = true;
    }
  }
  async function follow(reader, label) {
    let rest = new Uint8Array();
    for await (const part of pieces(reader)) {
      rest = joined([rest, part]);
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        const said = JSON.parse(new TextDecoder().decode(rest.subarray(0, end)));
        rest = rest.subarray(end + 1);
        if (said.go) return location.assign(said.go);
        if (said.page) return put(said.page);
        if (said.file) return save(new Blob([rest, ...(await all(reader))], { type: said.type }), said.file);
        far(label, said.done, said.total, `${said.done} / ${said.total}`);
      }
    }
    throw new Error("broke off");
  }
  async function all(reader) {
    const parts = [];
    for await (const part of pieces(reader)) parts.push(part);
    return parts;
  }
  function joined([one, other]) {
    const both = new Uint8Array(one.length + other.length);
    both.set(one);
    both.set(other, one.length);
    return both;
  }

  document.addEventListener("change", (event) => {
    const every = event.target.dataset.tickAll;
    if (every) for (const box of event.target.form.querySelectorAll(`[name="${every}"]`)) box.checked = event.target.checked;
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });
  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm || event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
    for (const field of event.target.querySelectorAll("[data-drop-empty]")) if (!field.value) field.disabled = true;
    const button = event.submitter;
    if (event.defaultPrevented || !button?.dataset.progress) return;
    if (event.target.querySelectorAll("[name=ids]:checked").length < Number(button.dataset.progressFrom || 1)) return;
    event.preventDefault();
    carryOut(event.target, button);
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

  const READ = 20_000;
  // News: the page asks for itself anew, unless somebody is writing on it or has opened something.
  function isBusy() {
    const active = document.activeElement;
    return Boolean(document.querySelector("#live details[open], #live [name=ids]:checked, dialog[open]")) ||
      (active && active.matches("#live input, #live textarea, #live select")) || Boolean(document.querySelector("#live [data-opened]"));
  }
  async function refresh() {
    const here = new URL(location.href);
    if (performance.now() > READ && !here.searchParams.has("undo")) here.searchParams.delete("said"); // it was read; by now it may be old
    const answer = await fetch(here, { headers: { "X-Part": "live", Accept: "text/html" } });
    if (answer.status === 401) return location.assign("/login");
    if (answer.ok) put(await answer.text());
    return undefined;
  }
  function put(page) {
    const fresh = new DOMParser().parseFromString(page, "text/html").getElementById("live");
    if (fresh) document.getElementById("live").replaceWith(document.adoptNode(fresh));
    tell("");
    lookAgain();
  }
  // While long work goes on, the page looks every second or so how far it is.
  let looking = 0;
  function lookAgain() {
    clearTimeout(looking);
    const going = document.querySelector("#live [data-again]");
    if (going) looking = setTimeout(() => (document.hidden || isBusy() ? lookAgain() : refresh().catch(lookAgain)), going.dataset.again * 1000);
  }
  lookAgain();
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
