"use strict";

const said = document.body.dataset;
const token = document.querySelector('meta[name="csrf-token"]').content;
const PHONES = ["guardian", "teacher", "village", "township", "county"];
const chosen = { child: null, ...Object.fromEntries(PHONES.map((part) => [part, null])) };
const seen = new Map(); // contact id -> newest text that was shown or there at the start
const shown = new Map(); // part -> contact and number of bubbles last drawn
let version = "";
let busy = false;
const OFFICERS = PHONES.slice(2); // these phones show whoever was asked last, until the visitor picks somebody
const picked = new Set();
const unfolded = new Set(); // phones whose texts about other matters are shown
let playing = null;
let started = false;
let ended = false; // the chosen child's case is closed

const byId = (id) => document.getElementById(id);

function make(tag, text, name) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (name) element.className = name;
  return element;
}

function looking() {
  const view = { lang: said.lang };
  for (const [key, value] of Object.entries(chosen)) if (value !== null) view[key] = value;
  return view;
}

function notice(text, bad = false) {
  byId("notice").textContent = text;
  byId("notice").classList.toggle("bad", bad);
}

async function call(path, body) {
  const headers = body ? { "Content-Type": "application/json", "X-CSRF-Token": token } : {};
  const answer = await fetch(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
  if (answer.status === 204) return null;
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function look(since = "") {
  const query = new URLSearchParams({ ...looking(), since });
  const state = await call(`/demo/state?${query}`);
  if (state) draw(state);
}

async function act(path, body) {
  if (busy) return false;
  working(true);
  try {
    const state = await call(path, { ...looking(), ...body });
    draw(state);
    notice(state.moved || "");
    return true;
  } catch (error) {
    notice(error instanceof TypeError ? said.gone : said.failed, true);
    return false;
  } finally {
    working(false);
  }
}

function working(on) {
  busy = on;
  document.body.classList.toggle("busy", on);
  for (const control of document.querySelectorAll("button:not(#auto), .typing input, .plight")) control.disabled = on;
  if (on) notice(said.working);
}

function draw(state) {
  version = state.version;
  chosen.child = state.child.id;
  byId("clock").textContent = state.clock.text;
  byId("day-note").textContent = state.clock.note;
  byId("about").textContent = state.child.about;
  byId("standing").textContent = state.child.standing;
  ended = state.child.ended;
  byId("case").textContent = state.child.case;
  byId("totals").textContent = state.totals;
  byId("playing").textContent = state.playing ? said.playing + state.playing : "";
  byId("language").search = new URLSearchParams({ lang: said.lang === "en" ? "zh" : "en", child: chosen.child });
  const door = byId("to-console");
  const officer = state.phones.county.contact;
  door.hidden = officer === null || state.child.case_id === null;
  for (const [name, value] of Object.entries({ contact: officer, child: state.child.id, case: state.child.case_id })) door.elements[name].value = value;
  drawChildren(state);
  byId("guide").replaceChildren(...state.guide.map((step) => make("li", step)));
  byId("chain").replaceChildren(...state.levels.map(drawLevel));
  byId("owed").replaceChildren(...(state.owed.length ? state.owed : [said.nobodyOwes]).map((line) => make("li", line)));
  drawStory(state.story);
  for (const part of document.querySelectorAll(".phone")) drawPhone(part, state.phones[part.dataset.part]);
  started = true;
  bringIntoSight();
}

// Where the phones do not all fit, one to which something came is scrolled to, unless such a one is in sight already.
function bringIntoSight() {
  const row = document.querySelector(".phones");
  const here = row.getBoundingClientRect();
  const fresh = [...row.children].filter((part) => part.querySelector(".fresh"));
  const inSight = (part) => {
    const at = part.getBoundingClientRect();
    return at.left >= here.left - 1 && at.right <= here.right + 1;
  };
  if (fresh.length && !fresh.some(inSight)) row.scrollBy({ left: fresh[0].getBoundingClientRect().left - here.left });
}

function drawChildren(state) {
  const groups = state.children.map((group) => {
    const element = make("optgroup");
    element.label = group.group;
    element.append(...group.children.map((child) => new Option(child.label, child.id, false, child.id === state.child.id)));
    return element;
  });
  byId("child").replaceChildren(...groups);
}

function drawLevel(level) {
  const item = make("li", undefined, level.state);
  item.title = `${level.level} ${level.name} ${level.at}`;
  if (level.state === "now") item.setAttribute("aria-current", "step");
  item.append(make("b", level.level), make("span", level.name));
  if (level.at) item.append(make("time", level.at));
  return item;
}

function drawStory(lines) {
  const kinds = { level_entered: "level", case_closed: "closed" };
  const items = lines.map((line) => {
    const item = make("li", undefined, kinds[line.action] || "");
    item.append(make("time", line.at), make("span", line.text));
    return item;
  });
  const list = byId("story");
  const grown = items.length !== list.children.length;
  list.replaceChildren(...(items.length ? items : [make("li", said.noStory)]));
  if (grown) list.scrollTop = list.scrollHeight;
}

function drawPhone(part, phone) {
  const name = part.dataset.part;
  part.querySelector(".number").textContent = phone.number;
  const holder = part.querySelector(".holder");
  holder.replaceChildren(...phone.who.map((who) => new Option(who.label, who.contact, false, who.contact === phone.contact)));
  holder.disabled = phone.who.length < 2;
  drawNews(part, phone);
  const way = part.querySelector(".way");
  way.textContent = phone.chat ? said.toText : said.toChat;
  way.dataset.on = phone.chat ? "" : "yes";
  way.hidden = phone.contact === null;
  part.classList.toggle("chatting", phone.chat);
  part.querySelector(".plight").value = phone.plight;
  part.querySelector(".plight").hidden = phone.contact === null;
  part.classList.toggle("troubled", phone.plight !== "");
  part.classList.toggle("lost", phone.contact === null);
  for (const control of part.querySelectorAll(".typing *")) control.hidden = phone.contact === null;
  part.querySelector(".chips").replaceChildren(...phone.chips.map((chip) => drawChip(part, chip)));
  drawBubbles(part, phone, name); // last: the chips take room from them, and they scroll to their end
  part.dataset.contact = phone.contact === null ? "" : phone.contact;
}

function drawNews(part, phone) {
  const fresh = [];
  for (const who of phone.who) {
    if (!started || who.contact === phone.contact) seen.set(who.contact, who.last);
    if (who.last > (seen.get(who.contact) || 0)) fresh.push(who);
  }
  fresh.sort((one, other) => other.last - one.last);
  const buttons = fresh.slice(0, 3).map((who) => {
    const button = make("button", who.label);
    button.type = "button";
    button.addEventListener("click", () => choose(part.dataset.part, who.contact));
    return button;
  });
  part.querySelector(".news").replaceChildren(...(buttons.length ? [make("span", said.newFor), ...buttons] : []));
}

function drawBubbles(part, phone, name) {
  const before = shown.get(name);
  const same = before && before.contact === phone.contact;
  const items = phone.bubbles.map((bubble, index) => {
    const fresh = same && index >= before.count && !bubble.mine;
    const item = make("li", undefined, `${bubble.mine ? "mine" : ""} ${fresh ? "fresh" : ""} by-${bubble.way} ${bubble.state}`);
    item.append(make("div", bubble.text, "text"));
    if (bubble.keys.length) item.append(drawKeys(part, bubble));
    if (said.lang === "en" && bubble.gloss) item.append(make("span", bubble.gloss, "gloss"));
    item.append(make("time", [{ call: said.call, chat: said.chat }[bubble.way], bubble.at, fates[bubble.state]].filter(Boolean).join(" · ")));
    return item;
  });
  const list = part.querySelector(".bubbles");
  const drawn = folded(items, phone, name);
  const silent = phone.contact === null || drawn.every((item) => item.aside);
  list.replaceChildren(...drawn, ...(silent ? [make("li", phone.contact === null ? said.nobody : said.empty, "none")] : []));
  if (!same || items.length !== before.count) list.scrollTop = list.scrollHeight;
  shown.set(name, { contact: phone.contact, count: items.length });
}

// Texts that are not about this child stand behind one line, unless they wait for an answer.
function folded(items, phone, name) {
  const drawn = [];
  items.forEach((item, index) => {
    const bubble = phone.bubbles[index];
    if (!bubble.aside || bubble.keys.length) return drawn.push(item);
    const before = drawn[drawn.length - 1];
    if (before && before.aside) return before.aside.append(item);
    return drawn.push(fold(item, name));
  });
  for (const item of drawn) if (item.aside) item.querySelector("summary").textContent = said.aside.replace("COUNT", item.aside.children.length);
  return drawn;
}

function fold(first, name) {
  const item = make("li", undefined, "beside");
  const box = make("details");
  const list = make("ul");
  box.open = unfolded.has(name);
  box.addEventListener("toggle", () => (box.open ? unfolded.add(name) : unfolded.delete(name)));
  list.append(first);
  box.append(make("summary"), list);
  item.append(box);
  item.aside = list;
  return item;
}

const fates = { waiting: said.waiting, failed: said.failedText, unconfirmed: said.unconfirmed };

function drawKeys(part, bubble) {
  const keys = make("div", undefined, bubble.way === "call" ? "keys pad" : "keys");
  keys.append(...bubble.keys.map(([key, label]) => {
    const button = make("button", label);
    button.type = "button";
    button.disabled = busy;
    button.addEventListener("click", () => act("/demo/press", { contact: Number(part.dataset.contact), message: bubble.id, key }));
    return button;
  }));
  return keys;
}

function drawChip(part, chip) {
  const button = make("button");
  button.type = "button";
  button.title = chip.send;
  button.disabled = busy;
  button.append(make("b", chip.key), chip.label);
  button.addEventListener("click", () => send(part, chip.send));
  return button;
}

function send(part, text) {
  if (!part.dataset.contact) return;
  chosen[part.dataset.part] = Number(part.dataset.contact); // stay to read the answer
  act("/demo/reply", { contact: Number(part.dataset.contact), text });
}

function choose(part, contact) {
  if (OFFICERS.includes(part)) picked.add(part);
  chosen[part] = contact;
  look().catch(() => notice(said.gone, true));
}

for (const button of document.querySelectorAll(".step")) {
  button.addEventListener("click", () => {
    stopPlaying();
    step(button.dataset.to);
  });
}

function step(to) {
  for (const part of OFFICERS) if (!picked.has(part)) chosen[part] = null;
  return act("/demo/step", { to });
}

function stopPlaying() {
  clearTimeout(playing);
  playing = null;
  byId("auto").textContent = `▶ ${said.play}`;
  byId("auto").setAttribute("aria-pressed", "false");
}

async function playOn() {
  if (!document.hidden && !busy && !(await step("event"))) return stopPlaying();
  if (ended && playing !== null) {
    stopPlaying();
    return notice(said.ended.replace("STANDING", byId("standing").textContent));
  }
  playing = playing === null ? null : setTimeout(playOn, Number(byId("speed").value));
  return undefined;
}

function startPlaying() {
  byId("auto").textContent = `❚❚ ${said.pause}`;
  byId("auto").setAttribute("aria-pressed", "true");
  clearTimeout(playing);
  playing = setTimeout(playOn, 300);
}

function watch() {
  for (const part of PHONES) chosen[part] = null;
  picked.clear();
  shown.clear();
  seen.clear();
  started = false;
}

byId("auto").addEventListener("click", () => (playing === null ? startPlaying() : stopPlaying()));
async function begin(script) {
  stopPlaying();
  watch();
  if (!(await act("/demo/play", { script }))) return;
  byId("script").elements.script.value = script;
  byId("guide-box").open = false;
  byId("chain").scrollIntoView({ block: "nearest" });
  startPlaying();
}

byId("script").addEventListener("submit", (event) => {
  event.preventDefault();
  begin(event.target.elements.script.value);
});
for (const button of document.querySelectorAll(".scene")) button.addEventListener("click", () => begin(button.dataset.script));
for (const part of document.querySelectorAll(".phone")) {
  part.querySelector(".typing").addEventListener("submit", (event) => {
    event.preventDefault();
    const input = event.target.elements.text;
    if (input.value.trim()) send(part, input.value);
    input.value = "";
  });
  const here = () => Number(part.dataset.contact);
  part.querySelector(".way").addEventListener("click", (event) => act("/demo/chat", { contact: here(), on: event.target.dataset.on === "yes" }));
  part.querySelector(".plight").addEventListener("change", (event) => act("/demo/afflict", { contact: here(), plight: event.target.value || null }));
  part.querySelector(".holder").addEventListener("change", (event) => choose(part.dataset.part, Number(event.target.value)));
}
byId("child").addEventListener("change", (event) => {
  watch();
  choose("child", Number(event.target.value));
});

const asked = Number(new URLSearchParams(location.search).get("child"));
if (asked) chosen.child = asked;
look().catch(() => {
  chosen.child = null;
  return look();
}).catch(() => notice(said.gone, true));

setInterval(() => {
  if (!busy && !document.hidden) look(version).catch(() => notice(said.gone, true));
}, 2000);
