// Formatted text as DOM nodes. Nothing a person or the bot wrote is ever read as HTML.

const TAGS = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote",
};
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);
const SCHEMES = new Set(["http:", "https:", "mailto:", "tel:", "tg:"]);

export function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Nodes for `text`; `entities` count in UTF-16 units, as JavaScript does. `onCommand` gets a tapped /command. */
export function formatted(text, entities = [], onCommand = () => {}) {
  return nodes(text, 0, text.length, [...entities], onCommand);
}

function nodes(text, start, end, entities, onCommand) {
  const fragment = document.createDocumentFragment();
  let position = start;
  while (entities.length > 0) {
    const entity = entities.shift();
    const from = Math.max(entity.offset, position);
    const to = Math.min(entity.offset + entity.length, end);
    if (from >= to) continue;
    fragment.append(text.slice(position, from));
    const inside = [];
    while (entities.length > 0 && entities[0].offset < to) inside.push(entities.shift());
    const shown = entity.type === "date_time" ? moment(entity.unix_time, entity.date_time_format) : "";
    const node = wrapper(entity, text.slice(from, to), onCommand);
    node.append(shown || nodes(text, from, to, [...inside], onCommand));
    fragment.append(node);
    // A block ends its line itself.
    position = BLOCKS.has(entity.type) && text[to] === "\n" && to < end ? to + 1 : to;
    // What begins inside but ends later goes on after it.
    entities.unshift(...inside.filter((other) => other.offset + other.length > to));
  }
  fragment.append(text.slice(position, end));
  return fragment;
}

function wrapper(entity, words, onCommand) {
  switch (entity.type) {
    case "text_link": return link(entity.url);
    case "url": return link(words);
    case "email": return link(`mailto:${words}`);
    case "bot_command":
      return element("button", { type: "button", className: "command", onclick: () => onCommand(words) });
    case "spoiler": return element("span", { className: "spoiler", tabIndex: 0 });
    case "expandable_blockquote": return expandable();
    default: return element(TAGS[entity.type] ?? "span");
  }
}

export function link(address) {
  try {
    const url = new URL(address);
    if (SCHEMES.has(url.protocol)) {
      const payload = url.searchParams.get("start");
      const own = url.hostname === "t.me" && url.pathname === `/${document.body.dataset.bot}`;
      if (own && payload !== null) return deepLink(url, payload);
      return element("a", { href: url.href, target: "_blank", rel: "noopener noreferrer" });
    }
  } catch {
    // Not an address after all: shown as plain text.
  }
  return element("span");
}

// A link to this bot opens no page: it writes /start with what the link carries.
function deepLink(url, payload) {
  return element("a", { href: url.href, onclick: (event) => {
    event.preventDefault();
    document.dispatchEvent(new CustomEvent("deep-link", { detail: payload }));
  } });
}

/** A time in the reader's own zone and words, by Telegram's format; empty where the text stands as it is. */
export function moment(seconds, format = "") {
  const date = new Date(seconds * 1000);
  if (format === "r") return relative(seconds - Date.now() / 1000);
  const options = {};
  if (format.includes("w")) options.weekday = "long";
  if (format.includes("d")) Object.assign(options, { day: "2-digit", month: "2-digit", year: "2-digit" });
  if (format.includes("D")) Object.assign(options, { day: "numeric", month: "long", year: "numeric" });
  if (format.includes("t")) Object.assign(options, { hour: "2-digit", minute: "2-digit" });
  if (format.includes("T")) Object.assign(options, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  // Telegram writes no "г." after a year.
  return format ? date.toLocaleString([], options).replace(/ г\.$/, "") : "";
}

function relative(seconds) {
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [unit, length] = units.find(([, each]) => Math.abs(seconds) >= each) ?? units.at(-1);
  return new Intl.RelativeTimeFormat([], { numeric: "auto" }).format(Math.round(seconds / length), unit);
}

// Three lines are seen until it is tapped.
function expandable() {
  const quote = element("blockquote", { className: "expandable", tabIndex: 0 });
  quote.onclick = () => quote.classList.toggle("open");
  return quote;
}
