// The keyboard that a bot puts in place of the letters, and the picking of people that it asks for.

import { element } from "./text.js";

const byId = (id) => document.getElementById(id);

/** Shows the keyboard, none where null. `act` holds write(text) and share(requestId, userIds). */
export function showKeyboard(keyboard, people, act) {
  const shown = byId("keyboard");
  shown.hidden = !keyboard;
  const rows = keyboard?.keyboard ?? [];
  shown.replaceChildren(...rows.map((row) => element("div", {}, ...row.map((button) => {
    const node = element("button", { type: "button", className: button.style ?? "" }, button.text);
    node.onclick = () => {
      if (keyboard.one_time_keyboard) shown.hidden = true;
      if (button.request_users) pick(button, people, act);
      else act.write(button.text);
    };
    return node;
  }))));
}

function pick(button, people, act) {
  const { request_id: request, max_quantity: most = 1 } = button.request_users;
  byId("picker-title").textContent = button.text;
  const chosen = new Set();
  const send = byId("picker-send");
  send.disabled = true;
  send.onclick = () => act.share(request, [...chosen]);
  byId("picker-list").replaceChildren(...people.map((person) => {
    const box = element("input", { type: "checkbox" });
    box.onchange = () => {
      if (box.checked) chosen.add(person.id);
      else chosen.delete(person.id);
      send.disabled = chosen.size === 0 || chosen.size > most;
    };
    return element("label", { className: "check" }, box, person.first_name);
  }));
  byId("picker").showModal();
}
