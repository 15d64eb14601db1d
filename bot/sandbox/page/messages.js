// One message, or one album, as it stands in the chat.

import { rich } from "./rich.js";
import { element, formatted, link } from "./text.js";

const KINDS = { voice: "Voice message", video: "Video", sticker: "Sticker", animation: "GIF" };
const SHOWN = new Set(["image/jpeg", "image/png", "image/webp"]);

/** Messages gathered so that the photos of an album stand together; a gathering is never empty. */
export function gathered(messages) {
  const turns = [];
  for (const message of messages) {
    const last = turns.at(-1);
    const album = message.media_group_id;
    if (last && album && message.photo && last[0].media_group_id === album && last[0].photo) last.push(message);
    else turns.push([message]);
  }
  return turns;
}

/** A turn of the conversation. `act` holds what can be done: press, open, command, view, jump, copy, choose. */
export function turn(album, state, act) {
  const first = album[0];
  const told = serviceText(first);
  if (told) return marked(element("article", { className: "turn service" }, told), album);
  const captioned = album.filter((message) => message.caption);
  // Of several captions Telegram shows none below the pictures: each is seen with its picture alone.
  const said = captioned.length === 1 ? captioned[0] : album.length === 1 ? first : { ...first, caption: undefined };
  const words = said.text ?? said.caption;
  const mine = first.from.id === state.me;
  const bubble = element("div", { className: words || first.rich_message || !first.photo ? "bubble" : "bubble bare" });
  if (first.chat.id < 0 && !mine) bubble.append(element("b", { className: "who" }, first.from.first_name));
  if (first.forward_origin) bubble.append(origin(first.forward_origin));
  if (first.reply_to_message) bubble.append(reply(first.reply_to_message, first.quote, act));
  if (first.photo) bubble.append(pictures(album, act));
  else if (first.document || kindOf(first)) bubble.append(attachment(first));
  if (first.rich_message) bubble.append(rich(first, act));
  if (words) {
    const text = element("div", { className: "words", dir: "auto" });
    text.append(formatted(words, said.entities ?? said.caption_entities, act.command));
    bubble.append(text);
  }
  bubble.append(element("div", { className: "when" },
    element("button", { type: "button", className: "more", title: "What to do with it", onclick: () => act.choose(said) }, "⋯"),
    `${first.edit_date ? "edited " : ""}${clock(first.date)}`));
  const node = element("article", { className: mine ? "turn mine" : "turn" }, bubble, keyboard(first, act));
  return marked(node, album);
}

/** What the bot is writing at the moment, or null. */
export function draftTurn(draft, act) {
  if (!draft) return null;
  const bubble = element("div", { className: "bubble draft" });
  if (draft.rich_message) bubble.append(rich({ message_id: 0, rich_message: draft.rich_message }, act));
  else {
    const text = element("div", { className: "words", dir: "auto" });
    text.append(formatted(draft.text || "Thinking…", draft.entities));
    bubble.append(text);
  }
  const stop = draft.can_stop ? element("button", { type: "button", className: "stop", onclick: act.stop }, "Stop") : null;
  return element("article", { className: "turn" }, bubble, stop);
}

export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** Words for a message, in one line. */
export function snippet(message) {
  const kind = kindOf(message);
  return message.text ?? message.caption
    ?? (message.rich_message ? "Message" : message.photo ? "Photo" : kind ? KINDS[kind]
      : message.document?.file_name ?? "File");
}

function marked(node, album) {
  node.dataset.ids = album.map((message) => message.message_id).join(" ");
  return node;
}

function serviceText(message) {
  const who = message.from.first_name;
  if (message.new_chat_members) return `${who} added ${message.new_chat_members.map((user) => user.first_name).join(", ")}`;
  if (message.migrate_to_chat_id) return "The group became a supergroup";
  if (message.migrate_from_chat_id) return "This supergroup was a group";
  if (message.forum_topic_created) return `Topic: ${message.forum_topic_created.name}`;
  if (message.forum_topic_edited) return `The topic is now: ${message.forum_topic_edited.name ?? "another icon"}`;
  if (message.forum_topic_closed) return "The topic was closed";
  if (message.forum_topic_reopened) return "The topic was opened again";
  if (message.users_shared) {
    const names = message.users_shared.users.map((user) => user.first_name ?? user.user_id);
    return `${who} chose ${names.join(", ")}`;
  }
  return null;
}

function kindOf(message) {
  return Object.keys(KINDS).find((kind) => message[kind]);
}

function origin(from) {
  return element("div", { className: "origin" }, `Forwarded from ${from.sender_user?.first_name ?? from.sender_user_name}`);
}

function reply(message, quote, act) {
  return element("button", { type: "button", className: quote ? "reply quoted" : "reply",
    onclick: () => act.jump(message.message_id) }, quote?.text ?? snippet(message));
}

function pictures(album, act) {
  const grid = element("div", { className: "pictures" });
  grid.classList.toggle("many", album.length > 1);
  grid.classList.toggle("odd", album.length % 2 === 1);
  for (const message of album) {
    const largest = message.photo.at(-1);
    const source = `/sim/files/${encodeURIComponent(largest.file_id)}`;
    const alt = message.caption ?? "Photo";
    const image = element("img", { src: source, alt, width: largest.width, height: largest.height });
    const button = element("button", { type: "button", title: "Enlarge", onclick: () => act.view(source) }, image);
    button.setAttribute("aria-label", `Enlarge: ${alt}`);
    if (message.live_photo) button.append(element("span", { className: "live" }, "LIVE"));
    grid.append(button);
  }
  return grid;
}

function attachment(message) {
  const kind = kindOf(message);
  const file = kind ? message[kind] : message.document;
  const source = `/sim/files/${encodeURIComponent(file.file_id)}`;
  const mark = element("span", { className: "mark" });
  if (!kind && SHOWN.has(file.mime_type)) mark.append(element("img", { src: source, alt: "" }));
  else mark.append(kind ? KINDS[kind][0] : suffix(file.file_name));
  const name = kind ? KINDS[kind] : file.file_name ?? "File";
  const text = element("span", {}, element("b", {}, name), element("small", {}, size(file.file_size ?? 0)));
  return element("a", { className: "file", href: source, download: file.file_name ?? "file" }, mark, text);
}

function suffix(name = "") {
  return name.includes(".") ? name.split(".").at(-1).slice(0, 4) : "file";
}

function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}

function keyboard(message, act) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows?.length) return null;
  const keys = element("div", { className: "keys" });
  for (const row of rows) {
    const line = element("div");
    for (const button of row) line.append(key(message, button, act));
    keys.append(line);
  }
  return keys;
}

function key(message, button, act) {
  if (button.url) {
    const anchor = link(button.url);
    anchor.append(`${button.text} ↗`);
    return anchor;
  }
  const node = element("button", { type: "button", className: button.style ?? "", disabled: Boolean(button.disabled) },
    button.copy_text ? `${button.text} 📋` : button.web_app ? `${button.text} ⧉` : button.text);
  node.onclick = () => {
    if (button.copy_text) act.copy(button.copy_text.text);
    else if (button.web_app) act.open(message.message_id, button);
    else act.press(message.message_id, button.callback_data, node);
  };
  return node;
}
