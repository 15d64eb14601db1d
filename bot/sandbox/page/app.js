// The chat: who is writing, what has been said, and what happens meanwhile.

import { gathered, turn } from "./messages.js";
import { setUpSending } from "./sending.js";
import { element } from "./text.js";
import { noteCall, showCalls } from "./calls.js";

const byId = (id) => document.getElementById(id);
const ACTIONS = {
  typing: "typing…", upload_photo: "sending a photo…", upload_document: "sending a file…",
  upload_video: "sending a video…", choose_sticker: "choosing a sticker…",
};
const COLOURS = ["#0f766e", "#b45309", "#6d28d9", "#be185d", "#1d4ed8", "#4d7c0f"];
const ACTION_LASTS = 5000;

const state = { botId: 0, people: [], me: null, messages: new Map(), unread: new Map(), blocked: false, started: false, menu: { commands: [] } };
let actionTimer = 0;
let toastTimer = 0;
let loading = 0;

async function ask(path, options) {
  const answer = await fetch(path, options);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.description ?? answer.statusText);
  return body;
}

function send(route, body) {
  const options = body instanceof FormData
    ? { method: "POST", body }
    : { method: "POST", body: JSON.stringify(body ?? {}), headers: { "Content-Type": "application/json" } };
  return ask(`/sim/users/${state.me}/${route}`, options);
}

function fail(error) {
  toast(error.message);
}

function toast(text) {
  clearTimeout(toastTimer);
  byId("toast").textContent = text;
  byId("toast").hidden = false;
  toastTimer = setTimeout(() => { byId("toast").hidden = true; }, 4000);
}

// People

async function loadPeople() {
  const { bot, users } = await ask("/sim/users");
  state.botId = bot.id;
  state.people = users;
  const wanted = Number(location.hash.slice(1)) || state.me;
  const found = users.find(({ id }) => id === wanted) ?? users[0];
  await become(found.id);
}

function showPeople() {
  byId("people").replaceChildren(...state.people.slice(0, 30).map((person, index) => {
    const initial = element("span", { className: "initial" }, [...person.first_name][0]);
    initial.style.background = COLOURS[index % COLOURS.length];
    const unread = state.unread.get(person.id);
    const button = element("button", { type: "button", title: `Write as ${person.first_name}` }, initial,
      `${person.first_name} · ${person.language_code ?? "?"}`,
      unread ? element("span", { className: "unread" }, String(unread)) : null);
    button.setAttribute("aria-pressed", String(person.id === state.me));
    button.dataset.user = person.id;
    button.onclick = () => become(person.id).catch(fail);
    return button;
  }));
}

async function become(id) {
  state.me = id;
  state.unread.delete(id);
  history.replaceState(null, "", `#${id}`);
  closeSheets();
  showPeople();
  setStatus();
  const turnOf = ++loading;
  const [transcript, menu] = await Promise.all([ask(`/sim/users/${id}/transcript`), ask(`/sim/users/${id}/menu`)]);
  if (turnOf !== loading) return;
  state.messages = new Map(transcript.messages.map((message) => [message.message_id, message]));
  state.blocked = transcript.blocked;
  state.started = transcript.started;
  showMenu(menu);
  showMessages(true);
}

// Messages

const act = {
  command: (text) => send("message", { text }).catch(fail),
  view: (source) => {
    byId("viewer-image").src = source;
    byId("viewer").showModal();
  },
  jump: (id) => {
    const found = turnWith(id);
    if (!found) return;
    found.scrollIntoView({ block: "center", behavior: "smooth" });
    found.classList.add("flash");
    found.addEventListener("animationend", () => found.classList.remove("flash"), { once: true });
  },
  press: async (messageId, data, button) => {
    button.classList.add("waiting");
    try {
      await send("click", { message_id: messageId, data });
    } catch (error) {
      button.classList.remove("waiting");
      fail(error);
    }
  },
};

function turnWith(id) {
  return [...document.querySelectorAll(".turn")].find((node) => node.dataset.ids.split(" ").includes(String(id)));
}

// Whether the reader is at the end. Only the reader's own scrolling changes it.
let atEnd = true;
// The heights at the last look. A scroll event comes late: when they differ, the layout has moved, not the reader.
let heights = "";

function measured() {
  const box = byId("messages");
  return `${box.scrollHeight} ${box.clientHeight}`;
}

function keepToEnd() {
  const box = byId("messages");
  if (atEnd) box.scrollTop = box.scrollHeight;
  heights = measured();
}

// Photos that arrive and a box that shrinks change the layout after the messages are drawn.
const layout = new ResizeObserver(keepToEnd);
layout.observe(byId("messages"));

function showMessages(toEnd = false) {
  const box = byId("messages");
  const newest = [...state.messages.values()].at(-1);
  const follow = toEnd || atEnd || (newest?.from?.id === state.me && !turnWith(newest.message_id));
  const turns = gathered([...state.messages.values()]).map(drawn);
  if (turns.length === 0) turns.push(welcome());
  settle(box, turns);
  atEnd = follow;
  keepToEnd();
  byId("to-end").hidden = follow;
  byId("composer").hidden = state.blocked || !state.started;
  byId("restart").hidden = !byId("composer").hidden;
  byId("restart").textContent = state.blocked ? "Unblock the bot" : "Start";
}

// A turn that has not changed keeps its node, so pictures do not flicker and a waiting button goes on waiting.
let kept = new Map();

function drawn(album) {
  const signature = JSON.stringify(album);
  if (kept.has(signature)) return kept.get(signature);
  const node = turn(album, state.botId, act);
  node.signature = signature;
  layout.observe(node);
  return node;
}

function settle(box, turns) {
  kept = new Map(turns.map((node) => [node.signature, node]));
  const wanted = new Set(turns);
  for (const node of [...box.children]) {
    if (wanted.has(node)) continue;
    layout.unobserve(node);
    node.remove();
  }
  turns.forEach((node, place) => {
    if (box.children[place] !== node) box.insertBefore(node, box.children[place] ?? null);
  });
}

function welcome() {
  return element("div", { className: "welcome" }, element("strong", {}, "What can this bot do?"),
    state.menu.description || "Press Start and see.");
}

function setStatus(action) {
  clearTimeout(actionTimer);
  byId("status").textContent = action ? ACTIONS[action] ?? "busy…" : "bot";
  byId("status").classList.toggle("busy", Boolean(action));
  if (action) actionTimer = setTimeout(setStatus, ACTION_LASTS);
}

// The menu and the other sheets

function showMenu(menu) {
  state.menu = menu;
  byId("bot-name").textContent = menu.name;
  byId("menu-toggle").hidden = menu.commands.length === 0;
  byId("menu").replaceChildren(...menu.commands.map(({ command, description }) => element("button",
    { type: "button", onclick: () => { closeSheets(); act.command(`/${command}`); } },
    element("b", {}, `/${command}`), element("span", {}, description))));
}

const SHEETS = { "menu-toggle": "menu", "attach-toggle": "attach" };

function closeSheets(except) {
  for (const [toggle, sheet] of Object.entries(SHEETS)) {
    const open = toggle === except && byId(sheet).hidden;
    byId(sheet).hidden = !open;
    byId(toggle).setAttribute("aria-expanded", String(open));
  }
}

for (const toggle of Object.keys(SHEETS)) byId(toggle).onclick = () => closeSheets(toggle);
document.addEventListener("click", (event) => {
  if (!event.target.closest(".sheet, #composer > .icon") || event.target.closest("#attach button")) closeSheets();
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeSheets(); });
for (const button of document.querySelectorAll("[data-clip]")) {
  button.onclick = () => send(button.dataset.clip).catch(fail);
}
byId("block").onclick = () => send("block", { blocked: true }).catch(fail);
byId("restart").onclick = () => (state.blocked ? send("block", { blocked: false }) : send("message", { text: "/start" })).catch(fail);
byId("to-end").onclick = () => { byId("messages").scrollTop = byId("messages").scrollHeight; };
byId("messages").addEventListener("scroll", ({ target }) => {
  if (heights !== measured()) {
    keepToEnd();
    return;
  }
  atEnd = target.scrollHeight - target.scrollTop - target.clientHeight < 80;
  byId("to-end").hidden = atEnd;
});
byId("calls-toggle").onclick = ({ currentTarget }) => {
  const wide = matchMedia("(min-width: 961px)").matches;
  const open = wide ? !document.body.classList.toggle("no-calls") : document.body.classList.toggle("calls");
  currentTarget.setAttribute("aria-expanded", String(open));
};

// Writing

const text = byId("text");
function fit() {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight}px`;
}
text.addEventListener("input", fit);
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    byId("composer").requestSubmit();
  }
});
byId("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const written = text.value;
  if (!written.trim()) return;
  text.value = "";
  fit();
  try {
    await send("message", { text: written });
  } catch (error) {
    text.value = written;
    fit();
    fail(error);
  }
});
setUpSending(send, fail);

// What happens meanwhile

const HAPPENED = {
  message: ({ message }) => {
    state.messages.set(message.message_id, message);
    if (message.from.id === state.botId) setStatus();
    else state.started = true;
    showMessages(message.from.id !== state.botId);
  },
  edit: ({ message }) => {
    state.messages.set(message.message_id, message);
    showMessages();
  },
  delete: ({ message_ids: ids }) => {
    ids.forEach((id) => state.messages.delete(id));
    showMessages();
  },
  action: ({ action }) => setStatus(action),
  blocked: ({ blocked }) => {
    state.blocked = blocked;
    showMessages(true);
  },
  callback_answer: (answer) => {
    document.querySelectorAll(".keys .waiting").forEach((button) => button.classList.remove("waiting"));
    if (!answer.text) return;
    if (!answer.show_alert) {
      toast(answer.text);
      return;
    }
    byId("alert-text").textContent = answer.text;
    byId("alert").showModal();
  },
};

async function happened({ kind, chat_id: chatId, data }) {
  if (kind === "call") {
    noteCall(data);
  } else if (kind === "user") {
    const known = state.people.find(({ id }) => id === chatId);
    if (known) Object.assign(known, data.user);
    else state.people.push(data.user);
    showPeople();
  } else if (kind === "commands") {
    const me = state.me;
    const menu = await ask(`/sim/users/${me}/menu`);
    if (me !== state.me) return;
    showMenu(menu);
    if (state.messages.size === 0) showMessages();
  } else if (chatId === state.me) {
    HAPPENED[kind]?.(data);
  } else if (kind === "message" && data.message.from.id === state.botId) {
    state.unread.set(chatId, (state.unread.get(chatId) ?? 0) + 1);
    showPeople();
  }
}

const events = new EventSource("/sim/events");
// The stream begins with what comes next, so what was before is asked for once it is open, and after every break.
events.onopen = () => Promise.all([loadPeople(), showCalls()]).catch(fail);
events.onmessage = ({ data }) => happened(JSON.parse(data)).catch(fail);
events.onerror = () => {
  byId("status").textContent = "the sandbox is not running";
};
