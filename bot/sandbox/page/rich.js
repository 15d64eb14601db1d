// Rich messages: blocks of text, tables, details and slideshows as DOM nodes.

import { element, link, moment } from "./text.js";

const TAGS = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", marked: "mark",
  subscript: "sub", superscript: "sup",
};

/** `act` holds what can be done: press(messageId, data, button), copy(text), view(source), command(text). */
export function rich(message, act) {
  return element("div", { className: "words rich", dir: message.rich_message.is_rtl ? "rtl" : "auto" },
    ...blocks(message.rich_message.blocks, message, act));
}

function blocks(list, message, act) {
  return list.map((each) => block(each, message, act));
}

function block(part, message, act) {
  const words = () => text(part.text, message, act);
  const inside = () => blocks(part.blocks, message, act);
  switch (part.type) {
    case "heading": return element(`h${Math.min(part.size + 1, 6)}`, {}, words());
    case "paragraph": return element("p", {}, words());
    case "footer": return element("p", { className: "footer" }, words());
    case "thinking": return element("p", { className: "thinking" }, words());
    case "pre": return element("pre", {}, words());
    case "divider": return element("hr");
    case "anchor": return element("a", { id: part.name });
    case "mathematical_expression": return element("code", {}, part.expression);
    case "blockquote": return element("blockquote", {}, ...inside(), credit(part, message, act));
    case "pullquote": return element("blockquote", {}, words(), credit(part, message, act));
    case "expandable_blockquote":
      return element("details", { className: "quote" }, element("summary", {}, "Quotation"), words());
    case "details": return element("details", { open: Boolean(part.is_open) },
      element("summary", {}, text(part.summary, message, act)), ...inside());
    case "list": return element("ul", {}, ...part.items.map((item) => element("li", {},
      element("span", { className: "label" }, item.has_checkbox ? (item.is_checked ? "☑" : "☐") : item.label),
      element("div", {}, ...blocks(item.blocks, message, act)))));
    case "table": return table(part, message, act);
    case "slideshow": case "collage":
      return element("figure", { className: part.type }, element("div", {}, ...inside()), caption(part, message, act));
    case "photo": return photo(part, message, act);
    case "document": return element("a", {
      href: `/sim/files/${encodeURIComponent(part.document.file_id)}`, download: part.document.file_name ?? "file",
    }, part.document.file_name ?? "File");
    case "buttons": return element("div", { className: "row" },
      ...part.buttons.map((button) => richButton(button, message, act)));
    default: return element("p", { className: "footer" }, `(${part.type})`);
  }
}

function text(part, message, act) {
  if (part === undefined || part === null) return "";
  if (typeof part === "string") return part;
  if (Array.isArray(part)) {
    const fragment = document.createDocumentFragment();
    fragment.append(...part.map((each) => text(each, message, act)));
    return fragment;
  }
  if (part.type === "button") return richButton(part.button, message, act);
  if (part.type === "custom_emoji") return part.alternative_text;
  if (part.type === "date_time") return moment(part.unix_time, part.date_time_format) || text(part.text, message, act);
  const node = part.type === "url" ? link(part.url)
    : element(TAGS[part.type] ?? "span", part.type === "spoiler" ? { className: "spoiler", tabIndex: 0 } : {});
  node.append(text(part.text ?? part.expression, message, act));
  return node;
}

function table(part, message, act) {
  const rows = part.cells.map((row) => element("tr", {}, ...row.map((cell) => {
    const node = element(cell.is_header ? "th" : "td", { colSpan: cell.colspan ?? 1, rowSpan: cell.rowspan ?? 1 },
      text(cell.text, message, act));
    node.style.textAlign = cell.align;
    node.style.verticalAlign = cell.valign;
    return node;
  })));
  const node = element("table", {}, part.caption ? element("caption", {}, text(part.caption, message, act)) : null,
    element("tbody", {}, ...rows));
  for (const look of ["bordered", "striped", "compact"]) node.classList.toggle(look, Boolean(part[`is_${look}`]));
  return element("div", { className: "table" }, node);
}

function photo(part, message, act) {
  const largest = part.photo.at(-1);
  const source = `/sim/files/${encodeURIComponent(largest.file_id)}`;
  const image = element("img", { src: source, alt: "Photo", width: largest.width, height: largest.height });
  const button = element("button", { type: "button", title: "Enlarge", onclick: () => act.view(source) }, image);
  return element("figure", {}, button, caption(part, message, act));
}

function caption(part, message, act) {
  if (!part.caption) return null;
  return element("figcaption", {}, text(part.caption.text, message, act));
}

function credit(part, message, act) {
  return part.credit ? element("cite", {}, text(part.credit, message, act)) : null;
}

function richButton(button, message, act) {
  if (button.url) {
    const anchor = link(button.url);
    anchor.append(text(button.text, message, act), " ↗");
    return anchor;
  }
  const node = element("button", { type: "button", className: button.style ?? "", disabled: Boolean(button.disabled) },
    text(button.text, message, act));
  node.onclick = () => (button.copy_text ? act.copy(button.copy_text.text)
    : act.press(message.message_id, button.callback_data, node));
  return node;
}
