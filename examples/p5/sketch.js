// Writes character by character with a model that burble exported. A click begins anew.

const BEGINNING = "The ";
const LONGEST = 600;
let rnn;
let temperature;
let written = "";
let turn = 0;

function setup() {
  createCanvas(640, 400);
  textFont("serif", 20);
  fill(30);
  temperature = createSlider(0, 1.5, 0.6, 0.05);
  rnn = ml5.charRNN("model", (error) => {
    if (error) written = error.message;
    else begin();
  });
  // What the model never saw in the beginning is left out.
  rnn.defaults.unknown = "skip";
}

function draw() {
  background(250, 247, 240);
  text(written, 20, 20, width - 40, height - 40);
}

function mousePressed() {
  if (mouseY < height && rnn.model) begin();
}

async function begin() {
  turn += 1;
  const mine = turn;
  rnn.reset();
  await rnn.feed(BEGINNING);
  written = BEGINNING;
  while (mine === turn && written.length < LONGEST) {
    const { sample } = await rnn.predict(temperature.value());
    await rnn.feed(sample);
    written += sample;
    // One character a frame, or so.
    await new Promise(requestAnimationFrame);
  }
}
