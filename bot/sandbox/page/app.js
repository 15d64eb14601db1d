// The chat: who is writing and where, what has been said, and what happens meanwhile.

import { noteCall, showCalls } from "./calls.js";
import { about, forget, setUpContext } from "./context.js";
import { showKeyboard } from "./keyboard.js";
import { draftTurn, gathered, turn } from "./messages.js";
import { showChats, showTopics } from "./places.js";
import { goOn, settle } from "./scroll.js";
import { setUpSending } from "./sending.js";
import { ask, post } from "./server.js";
import { alert, closeSheets, setStatus, showMenu, showPeople, toast } from "./surroundings.js";
import { element } from "./text.js";
import { openWebApp } from "./webapp.js";

const byId = (id) => document.getElementById(id);
const state = {
  botId: 0, people: [], groups: [], me: null, chat: null, topic: null, topics: [], messages: new Map(),
  unread: new Map(), blocked: false, started: false, menu: { commands: [] }, draft: null,
};
let loading = 0;

/** Posts for the person who is writing, to where they are: their chat and topic, and what they reply to. */
function send(route, body = {}) {
  const where = { chat_id: state.chat === state.me ? null : state.chat, message_thread_id: state.topic };
  if (about?.how === "reply") where.reply_to = about.message.message_id;
  for (const [name, value] of Object.entries(where)) {
    if (value === null) continue;
    if (body instanceof FormData) body.append(name, value);
    else body[name] = value;
  }
  forget();
  return post(`/sim/users/${state.me}/${route}`, body);
}

function mine(route, body) {
  return post(`/sim/users/${state.me}/${route}`, body);
}

function fail(error) {
  toast(error.message);
}

// Who and where

async function loadPeople() {
  const [{ bot, users }, groups] = await Promise.all([ask("/sim/users"), ask("/sim/groups")]);
  Object.assign(state, { botId: bot.id, people: users, groups });
  document.body.dataset.bot = bot.username;
  const wanted = Number(location.hash.slice(1)) || state.me;
  const found = users.find(({ id }) => id === wanted) ?? users[0];
  await become(found.id);
}

async function become(id) {
  state.me = id;
  history.replaceState(null, "", `#${id}`);
  await enter(id);
}

async function enter(chat) {
  state.chat = chat;
  state.topic = null;
  state.unread.delete(chat);
  closeSheets();
  forget();
  showWhere();
  setStatus();
  const turnOf = ++loading;
  const [transcript, menu] = await Promise.all([ask(`/sim/chats/${chat}/transcript`), ask(`/sim/users/${state.me}/menu`)]);
  if (turnOf !== loading) return;
  state.messages = new Map(transcript.messages.map((message) => [message.message_id, message]));
  Object.assign(state, {
    blocked: transcript.blocked ?? false, started: transcript.started ?? true, topics: transcript.topics,
    draft: transcript.draft, menu,
  });
  showMenu(menu, act.command);
  showKeyboard(transcript.keyboard, state.people, act);
  showWhere();
  showMessages(true);
}

function showWhere() {
  showPeople(state, (id) => become(id).catch(fail));
  showChats(state.groups, state, (id) => enter(id).catch(fail));
  showTopics(state.topics, state, (topic) => {
    state.topic = topic;
    showWhere();
    showMessages(true);
  });
}

// Messages

const act = {
  command: (text) => send("message", { text }).catch(fail),
  write: (text) => send("message", { text }).catch(fail),
  share: (request, users) => mine("share", { request_id: request, user_ids: users }).catch(fail),
  stop: () => mine("stop").catch(fail),
  open: (messageId, button) => openWebApp(state.me, messageId, button).catch(fail),
  copy: (text) => navigator.clipboard.writeText(text).then(() => toast("Copied"), fail),
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
      await mine("click", { message_id: messageId, data, chat_id: state.chat });
    } catch (error) {
      button.classList.remove("waiting");
      fail(error);
    }
  },
  choose: setUpContext((message) => message.from.id === state.me, {
    forward: (message) => mine("forward", { from_chat_id: state.chat, message_id: message.message_id }).catch(fail),
    replace: (message, file) => {
      const form = new FormData();
      form.append("file", file, file.name);
      form.append("message_id", message.message_id);
      form.append("chat_id", state.chat);
      if (message.caption) form.append("caption", message.caption);
      mine("edit", form).catch(fail);
    },
  }),
};

function turnWith(id) {
  return [...document.querySelectorAll(".turn")].find((node) => node.dataset.ids?.split(" ").includes(String(id)));
}

function showMessages(toEnd = false) {
  const shown = [...state.messages.values()].filter((each) => state.topic === null || each.message_thread_id === state.topic);
  const newest = shown.at(-1);
  const follow = toEnd || (newest?.from?.id === state.me && !turnWith(newest.message_id));
  const turns = gathered(shown).map(drawn);
  kept = new Map(turns.map((node) => [node.signature, node]));
  const draft = draftTurn(state.draft, act);
  if (draft) turns.push(draft);
  if (turns.length === 0) turns.push(welcome());
  settle(turns);
  goOn(follow);
  byId("composer").hidden = state.blocked || !state.started;
  byId("restart").hidden = !byId("composer").hidden;
  byId("restart").textContent = state.blocked ? "Unblock the bot" : "Start";
}

// A turn that has not changed keeps its node, so pictures do not flicker and a waiting button goes on waiting.
let kept = new Map();

function drawn(album) {
  const signature = `${state.me} ${JSON.stringify(album)}`;
  if (kept.has(signature)) return kept.get(signature);
  const node = turn(album, state, act);
  node.signature = signature;
  return node;
}

function welcome() {
  return element("div", { className: "welcome" }, element("strong", {}, "What can this bot do?"),
    state.menu.description || "Press Start and see.");
}

// Writing

for (const button of document.querySelectorAll("[data-clip]")) {
  button.onclick = () => send(button.dataset.clip, new FormData()).catch(fail);
}
byId("block").onclick = () => mine("block", { blocked: true }).catch(fail);
byId("restart").onclick = () => (state.blocked ? mine("block", { blocked: false }) : send("message", { text: "/start" })).catch(fail);

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
    if (about?.how === "edit") {
      const { message_id: id } = about.message;
      forget();
      await mine("edit", { message_id: id, chat_id: state.chat, text: written });
    } else {
      await send("message", { text: written });
    }
  } catch (error) {
    text.value = written;
    fit();
    fail(error);
  }
});
document.addEventListener("deep-link", ({ detail: payload }) => enter(state.me)
  .then(() => mine("message", { text: `/start ${payload}` })).catch(fail));
setUpSending(send, fail);

// What happens meanwhile

const HAPPENED = {
  message: ({ message }) => {
    state.messages.set(message.message_id, message);
    if (message.from.id === state.botId) {
      state.draft = null;
      setStatus();
    } else {
      state.started = true;
    }
    if (message.forum_topic_created || message.forum_topic_edited) refreshTopics().catch(fail);
    showMessages(message.from.id === state.me);
  },
  edit: ({ message }) => {
    state.messages.set(message.message_id, message);
    showMessages();
  },
  delete: ({ message_ids: ids }) => {
    ids.forEach((id) => state.messages.delete(id));
    showMessages();
  },
  draft: ({ draft }) => {
    state.draft = draft;
    showMessages();
  },
  keyboard: ({ keyboard }) => showKeyboard(keyboard, state.people, act),
  action: ({ action }) => setStatus(action),
  blocked: ({ blocked }) => {
    state.blocked = blocked;
    showMessages(true);
  },
  callback_answer: (answer) => {
    document.querySelectorAll(".waiting").forEach((button) => button.classList.remove("waiting"));
    if (answer.text) (answer.show_alert ? alert : toast)(answer.text);
  },
};

async function refreshTopics() {
  const chat = state.chat;
  const { topics } = await ask(`/sim/chats/${chat}/transcript`);
  if (chat !== state.chat) return;
  state.topics = topics;
  showWhere();
}

async function happened({ kind, chat_id: chatId, data }) {
  if (kind === "call") {
    noteCall(data);
  } else if (kind === "user") {
    const known = state.people.find(({ id }) => id === chatId);
    if (known) Object.assign(known, data.user);
    else state.people.push(data.user);
    showWhere();
  } else if (kind === "group") {
    state.groups = await ask("/sim/groups");
    showWhere();
  } else if (kind === "commands") {
    const me = state.me;
    const menu = await ask(`/sim/users/${me}/menu`);
    if (me !== state.me) return;
    state.menu = menu;
    showMenu(menu, act.command);
    if (state.messages.size === 0) showMessages();
  } else if (chatId === state.chat) {
    HAPPENED[kind]?.(data);
  } else if (kind === "message" && data.message.from.id === state.botId) {
    state.unread.set(chatId, (state.unread.get(chatId) ?? 0) + 1);
    showWhere();
  }
}

const events = new EventSource("/sim/events");
// The stream begins with what comes next, so what was before is asked for once it is open, and after every break.
events.onopen = () => Promise.all([loadPeople(), showCalls()]).catch(fail);
events.onmessage = ({ data }) => happened(JSON.parse(data)).catch(fail);
events.onerror = () => {
  byId("status").textContent = "the sandbox is not running";
};
