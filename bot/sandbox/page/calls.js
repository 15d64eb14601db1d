// The bot's side: every call it makes, newest first.

import { clock } from "./messages.js";
import { element } from "./text.js";

const SHOWN = 100;
const HIDDEN = new Set(["getUpdates"]);
const list = document.getElementById("call-list");

export async function showCalls() {
  const { calls } = await (await fetch("/sim/calls")).json();
  list.replaceChildren();
  calls.slice(-SHOWN).forEach(noteCall);
}

export function noteCall(call) {
  if (HIDDEN.has(call.method)) return;
  const known = list.querySelector(`[data-call="${call.id}"]`);
  const item = entry(call);
  if (known) known.replaceWith(item);
  else list.prepend(item);
  while (list.children.length > SHOWN) list.lastChild.remove();
}

function entry(call) {
  const { chat_id: _, ...rest } = call.params;
  const parameters = Object.keys(rest).length > 0 ? JSON.stringify(rest) : "";
  const item = element("li", {},
    element("b", {}, call.method), element("span", { className: "to" }, call.chat_id ? ` to ${call.chat_id} ` : " "),
    element("time", {}, clock(call.at)),
    call.ok === false ? element("span", { className: "bad" }, `${call.error_code ?? ""} ${call.description}`) : null,
    element("span", { className: "what" }, parameters));
  item.dataset.call = call.id;
  return item;
}
