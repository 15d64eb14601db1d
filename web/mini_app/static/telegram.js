// What a Mini App and Telegram's client say to each other, as core.telegram.org/api/web-events describes it. Telegram's
// own script does the same, but a page that shows health data should run no script of another site, and this one also
// works where telegram.org cannot be reached.

// The part of an address after # never leaves the device.
const launch = new URLSearchParams(location.hash.slice(1));
const COLOUR = /^#[0-9a-f]{6}$/i;
const USED = ["bg_color", "secondary_bg_color", "text_color"];

/** What Telegram signed about the person; empty outside Telegram. */
export const initData = launch.get("tgWebAppData") ?? "";

/** Tells the client something. Nothing about the person is in it, so any page around this one may hear it. */
export function tell(eventType, eventData = {}) {
  if (window.TelegramWebviewProxy) window.TelegramWebviewProxy.postEvent(eventType, JSON.stringify(eventData));
  else if (window.parent !== window) window.parent.postMessage(JSON.stringify({ eventType, eventData }), "*");
  else return false;
  return true;
}

// The other colours of a theme are left alone: nothing says that they can be read on its ground.
function dress(theme) {
  const root = document.documentElement;
  for (const name of USED) {
    if (COLOUR.test(theme?.[name])) root.style.setProperty(`--tg-theme-${name.replaceAll("_", "-")}`, theme[name]);
  }
  if (COLOUR.test(theme?.bg_color)) root.style.colorScheme = isDark(theme.bg_color) ? "dark" : "light";
}

function isDark(colour) {
  const [red, green, blue] = [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16));
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}

function hear(eventType, eventData) {
  if (eventType === "theme_changed") dress(eventData?.theme_params);
}

/** Takes on the client's colours, now and when they change. */
export function followTheme() {
  window.Telegram = { WebView: { receiveEvent: hear } };
  window.TelegramGameProxy = { receiveEvent: hear };
  window.TelegramGameProxy_receiveEvent = hear;
  window.addEventListener("message", ({ source, data }) => {
    if (source !== window.parent || source === window) return;
    try {
      const { eventType, eventData } = JSON.parse(data);
      hear(eventType, eventData);
    } catch {
      // Not for us.
    }
  });
  try {
    dress(JSON.parse(launch.get("tgWebAppThemeParams") ?? "{}"));
  } catch {
    // The page has colours of its own.
  }
}
