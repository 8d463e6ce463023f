// The kiosk's events, for as long as this page lives: it opens the stream again when the kiosk falls silent.

const RETRY_MS = 2_000;
const LOST_MS = 5_000;
const KINDS = ["hello", "beat", "idle", "result"];

/** `handlers`: one function an event, and `lost(isLost)`, called when the kiosk goes and when it is back. */
export function listen(handlers) {
  let source = null;
  let heard = performance.now();
  let opened = 0;
  let lost = false;

  const onEvent = (kind) => (message) => {
    heard = performance.now();
    if (lost) handlers.lost((lost = false));
    handlers[kind](JSON.parse(message.data));
  };
  const open = () => {
    source?.close();
    opened = performance.now();
    source = new EventSource("/events");
    for (const kind of KINDS) source.addEventListener(kind, onEvent(kind));
  };
  const watch = () => {
    const now = performance.now();
    if (now - heard > LOST_MS && !lost) handlers.lost((lost = true));
    if (now - heard > RETRY_MS && now - opened > RETRY_MS) open();
  };
  open();
  setInterval(watch, 250);
}
