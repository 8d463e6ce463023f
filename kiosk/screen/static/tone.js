// A tone before a word: rising when someone comes, falling when someone goes, twice the same when it was said
// already, low when it is refused. Soft attack and release, since it sounds next to old ears.

export const NOTES = {
  in: [[523.25, 0, 0.16], [783.99, 0.14, 0.3]],
  out: [[783.99, 0, 0.16], [659.26, 0.14, 0.16], [523.25, 0.28, 0.34]],
  undone: [[659.26, 0, 0.28]],
  repeated: [[587.33, 0, 0.13], [587.33, 0.2, 0.2]],
  refused: [[233.08, 0, 0.22], [174.61, 0.24, 0.42]],
  broken: [[233.08, 0, 0.22], [174.61, 0.24, 0.42]],
};

let context = null;

export function play(look) {
  document.documentElement.dataset.tone = look;
  context ??= new AudioContext();
  // A browser that was started without the autoplay flag stays silent until the first touch.
  if (context.state === "suspended") context.resume();
  for (const [pitch, start, length] of NOTES[look]) sound(pitch, context.currentTime + start, length);
}

function sound(pitch, at, length) {
  const voice = new OscillatorNode(context, { type: "triangle", frequency: pitch });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.35, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, at + length);
  voice.connect(volume).connect(context.destination);
  voice.start(at);
  voice.stop(at + length + 0.05);
}
