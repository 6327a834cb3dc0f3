// Random numbers as `numpy.random.default_rng((seed, 0))` draws them: a seed sequence, and PCG64 (XSL-RR).
// Sources: O'Neill, PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms, 2014, and NumPy's NEP 19.

const BITS_64 = (1n << 64n) - 1n;
const BITS_128 = (1n << 128n) - 1n;
const PCG_MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;

/** Words of 32 bits that numbers (BigInt, 0 or more) spread over: eight of them. */
function spreadSeed(numbers) {
  const entropy = numbers.flatMap((one) => {
    const words = [];
    do { words.push(Number(one & 0xffffffffn)); one >>= 32n; } while (one);
    return words;
  });
  let constant = 0x43b0d7e5;
  const hash = (value) => {
    value ^= constant;
    constant = Math.imul(constant, 0x931e8875);
    value = Math.imul(value, constant);
    return (value ^ (value >>> 16)) >>> 0;
  };
  const mix = (one, other) => {
    const value = (Math.imul(0xca01f9dd, one) - Math.imul(0x4973f715, other)) | 0;
    return (value ^ (value >>> 16)) >>> 0;
  };
  const pool = [0, 1, 2, 3].map((place) => hash(entropy[place] ?? 0));
  for (let from = 0; from < 4; from += 1) {
    for (let to = 0; to < 4; to += 1) if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
  }
  for (const word of entropy.slice(4)) for (let to = 0; to < 4; to += 1) pool[to] = mix(pool[to], hash(word));
  constant = 0x8b51f9dd;
  return Array.from({ length: 8 }, (_, place) => {
    let value = pool[place % 4] ^ constant;
    constant = Math.imul(constant, 0x58f38ded);
    value = Math.imul(value, constant);
    return (value ^ (value >>> 16)) >>> 0;
  });
}

/** What draws numbers from 0 to 1, for a seed (BigInt). */
function buildRandom(seed) {
  const words = spreadSeed([seed, 0n]).map(BigInt);
  const [a, b, c, d] = [0, 2, 4, 6].map((place) => words[place] | (words[place + 1] << 32n));
  const increment = (((c << 64n) | d) << 1n | 1n) & BITS_128;
  const advance = (state) => (state * PCG_MULTIPLIER + increment) & BITS_128;
  let state = advance(((increment) + ((a << 64n) | b)) & BITS_128);
  return () => {
    state = advance(state);
    const turned = (state >> 64n) ^ (state & BITS_64);
    const by = state >> 122n;
    const number = ((turned >> by) | (turned << ((64n - by) & 63n))) & BITS_64;
    return Number(number >> 11n) / 2 ** 53;
  };
}

export { buildRandom };
