// Language, size and contrast: a touch changes them for the person in front, half a minute of rest puts them
// back for the next one. ?elder and ?contrast in the address make them this kiosk's normal.

const REST_MS = 30_000;
const HTML_LANG = { zh: "zh-CN", en: "en" };
const asked = new URLSearchParams(location.search);
const normal = () => ({
  language: settings.languages[0],
  elder: asked.has("elder"),
  contrast: asked.has("contrast"),
});

export const settings = { languages: ["zh"], language: "zh", elder: asked.has("elder"), contrast: asked.has("contrast") };

let changed = () => {};
let rest = 0;

export function onSettings(listener) {
  changed = listener;
}

export function change(values) {
  Object.assign(settings, values);
  apply();
  touched();
  changed();
}

/** Somebody is here: wait again before going back to normal. */
export function touched() {
  clearTimeout(rest);
  rest = setTimeout(() => {
    Object.assign(settings, normal());
    apply();
    changed();
  }, REST_MS);
}

let told = null; // the language the kiosk's voice was asked to speak

/** Make the page look as the settings say; `anew` when the kiosk may have forgotten what it was told. */
export function apply(anew = false) {
  const root = document.documentElement;
  if (anew || told !== settings.language) tell((told = settings.language));
  root.lang = HTML_LANG[settings.language] ?? settings.language;
  root.toggleAttribute("data-elder", settings.elder);
  root.toggleAttribute("data-contrast", settings.contrast);
}

const tell = (language) =>
  fetch("/api/language", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ language }),
  }).catch(() => (told = null)); // the kiosk is gone; it is told when it is back

export const nextLanguage = () => {
  const { languages, language } = settings;
  return languages[(languages.indexOf(language) + 1) % languages.length];
};
