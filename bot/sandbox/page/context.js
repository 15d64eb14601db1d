// What is done with one message: a reply to it, an edit of it, another photo in its place.

import { snippet } from "./messages.js";

const byId = (id) => document.getElementById(id);

/** The message that the next words are about, and how: "reply" or "edit"; null while they stand alone. */
export let about = null;

export function forget() {
  about = null;
  byId("context").hidden = true;
}

/** `mine(message)` says whether one has written it; `act` holds replace(message, file), forward(message), fail. */
export function setUpContext(mine, act) {
  const dialog = byId("choices");
  let chosen = null;

  dialog.addEventListener("close", () => {
    const message = chosen;
    chosen = null;
    if (!message) return;
    if (dialog.returnValue === "forward") act.forward(message);
    if (dialog.returnValue === "replace") {
      byId("replace-input").onchange = ({ target }) => {
        if (target.files.length > 0) act.replace(message, target.files[0]);
        target.value = "";
      };
      byId("replace-input").click();
    }
    if (dialog.returnValue === "reply" || dialog.returnValue === "edit") {
      about = { how: dialog.returnValue, message };
      byId("context-text").textContent = `${about.how === "edit" ? "Edit" : "Reply to"}: ${snippet(message)}`;
      byId("context").hidden = false;
      if (about.how === "edit") byId("text").value = message.text ?? message.caption ?? "";
      byId("text").focus();
    }
  });
  byId("context-end").onclick = forget;

  return (message) => {
    chosen = message;
    const own = mine(message);
    dialog.querySelector('[value="edit"]').hidden = !own;
    dialog.querySelector('[value="replace"]').hidden = !own || !message.photo;
    dialog.returnValue = "";
    dialog.showModal();
  };
}
