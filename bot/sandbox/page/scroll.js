// Keeps the newest message in view, unless the reader has scrolled away.

const box = document.getElementById("messages");
const arrow = document.getElementById("to-end");

// Whether the reader is at the end. Only the reader's own scrolling changes it.
let atEnd = true;
// The heights at the last look. A scroll event comes late: when they differ, the layout has moved, not the reader.
let heights = "";

function measured() {
  return `${box.scrollHeight} ${box.clientHeight}`;
}

function keepToEnd() {
  if (atEnd) box.scrollTop = box.scrollHeight;
  heights = measured();
}

// Photos that arrive and a box that shrinks change the layout after the messages are drawn.
const layout = new ResizeObserver(keepToEnd);
layout.observe(box);

/** Puts these nodes into the box; one that is there already stays, so pictures do not flicker. */
export function settle(nodes) {
  const wanted = new Set(nodes);
  for (const node of [...box.children]) {
    if (wanted.has(node)) continue;
    layout.unobserve(node);
    node.remove();
  }
  nodes.forEach((node, place) => {
    layout.observe(node);
    if (box.children[place] !== node) box.insertBefore(node, box.children[place] ?? null);
  });
}

/** Goes to the end if the reader was there, or if `follow` says so. */
export function goOn(follow) {
  atEnd = follow || atEnd;
  keepToEnd();
  arrow.hidden = atEnd;
}

arrow.onclick = () => { box.scrollTop = box.scrollHeight; };
box.addEventListener("scroll", () => {
  if (heights !== measured()) {
    keepToEnd();
    return;
  }
  atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  arrow.hidden = atEnd;
});
