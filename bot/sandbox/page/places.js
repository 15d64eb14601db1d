// Where one is writing: the private chat or a group, and there a topic.

import { element } from "./text.js";

const byId = (id) => document.getElementById(id);

/** Chips of the chats of this person; hidden while there is only the private one. */
export function showChats(groups, state, go) {
  const mine = groups.filter((group) => group.members.includes(state.me) && !group.deleted && !group.migrated_to);
  byId("chats").hidden = mine.length === 0;
  byId("chats").replaceChildren(
    chip("Private", state.chat === state.me, () => go(state.me)),
    ...mine.map((group) => chip(`${group.is_forum ? "# " : ""}${group.title}`, state.chat === group.id,
      () => go(group.id), state.unread.get(group.id))));
}

/** Chips of the topics of the chat; hidden while there are none. */
export function showTopics(topics, state, choose) {
  byId("topics").hidden = topics.length === 0;
  byId("topics").replaceChildren(
    chip("All", state.topic === null, () => choose(null)),
    ...topics.map((topic) => {
      const node = chip(topic.name, state.topic === topic.message_thread_id, () => choose(topic.message_thread_id));
      node.prepend(dot(topic.icon_color));
      return node;
    }));
}

function chip(words, pressed, onclick, unread) {
  const node = element("button", { type: "button", onclick }, words,
    unread ? element("span", { className: "unread" }, String(unread)) : null);
  node.setAttribute("aria-pressed", String(pressed));
  return node;
}

function dot(colour) {
  const node = element("span", { className: "dot" });
  node.style.background = `#${colour.toString(16).padStart(6, "0")}`;
  return node;
}
