// What stands around the messages: the people, the menu, the sheets, the status, and short notices.

import { element } from "./text.js";

const byId = (id) => document.getElementById(id);
const ACTIONS = {
  typing: "typing…", upload_photo: "sending a photo…", upload_document: "sending a file…",
  upload_video: "sending a video…", choose_sticker: "choosing a sticker…",
};
const COLOURS = ["#0f766e", "#b45309", "#6d28d9", "#be185d", "#1d4ed8", "#4d7c0f"];
const ACTION_LASTS = 5000;
const SHEETS = { "menu-toggle": "menu", "attach-toggle": "attach" };
let actionTimer = 0;
let toastTimer = 0;

export function toast(text) {
  clearTimeout(toastTimer);
  byId("toast").textContent = text;
  byId("toast").hidden = false;
  toastTimer = setTimeout(() => { byId("toast").hidden = true; }, 4000);
}

export function alert(text) {
  byId("alert-text").textContent = text;
  byId("alert").showModal();
}

/** What the bot is doing, for a few seconds; nothing without an action. */
export function setStatus(action) {
  clearTimeout(actionTimer);
  byId("status").textContent = action ? ACTIONS[action] ?? "busy…" : "bot";
  byId("status").classList.toggle("busy", Boolean(action));
  if (action) actionTimer = setTimeout(setStatus, ACTION_LASTS);
}

export function showPeople(state, become) {
  byId("people").replaceChildren(...state.people.slice(0, 30).map((person, index) => {
    const initial = element("span", { className: "initial" }, [...person.first_name][0]);
    initial.style.background = COLOURS[index % COLOURS.length];
    const unread = state.unread.get(person.id);
    const button = element("button", { type: "button", title: `Write as ${person.first_name}` }, initial,
      `${person.first_name} · ${person.language_code ?? "?"}`,
      unread ? element("span", { className: "unread" }, String(unread)) : null);
    button.setAttribute("aria-pressed", String(person.id === state.me));
    button.dataset.user = person.id;
    button.onclick = () => become(person.id);
    return button;
  }));
}

export function showMenu(menu, command) {
  byId("bot-name").textContent = menu.name;
  byId("menu-toggle").hidden = menu.commands.length === 0;
  byId("menu").replaceChildren(...menu.commands.map(({ command: name, description }) => element("button",
    { type: "button", onclick: () => { closeSheets(); command(`/${name}`); } },
    element("b", {}, `/${name}`), element("span", {}, description))));
}

export function closeSheets(except) {
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
byId("calls-toggle").onclick = ({ currentTarget }) => {
  const wide = matchMedia("(min-width: 961px)").matches;
  const open = wide ? !document.body.classList.toggle("no-calls") : document.body.classList.toggle("calls");
  currentTarget.setAttribute("aria-expanded", String(open));
};
