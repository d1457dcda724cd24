import type { Dataset } from "../../prover/src/data/dataset.ts";
import { SeededRandom } from "../../prover/src/data/random.ts";

const SIDE = 28;
const CLASSES = 10;
const LARGEST_PIXEL = 255;
const STROKES = 6;
/** Reach of a stroke's ink, in pixels. */
const STROKE_RADIUS = 3;

/**
 * Generated data of MNIST's shape: 28 × 28 grey values of 0 to 255 in ten classes. Each class has a drawing of its own
 * out of blurred dots; a sample is the drawing with every dot moved a little and noise on every pixel.
 *
 * @param classCounts samples of each class.
 */
export function generateImages(classCounts: readonly number[], seed: string, stream: string): Dataset {
  const random = new SeededRandom(seed, stream);
  const drawings = drawClasses(seed);
  const labels = classCounts.flatMap((count, label) => new Array<number>(count).fill(label));
  const features = new Float64Array(labels.length * SIDE * SIDE);
  labels.forEach((label, sample) => {
    const pixels = features.subarray(sample * SIDE * SIDE, (sample + 1) * SIDE * SIDE);
    for (const [x, y] of drawings[label]!) {
      addDot(pixels, x + random.nextInteger(5) - 2, y + random.nextInteger(5) - 2);
    }
    for (let pixel = 0; pixel < pixels.length; pixel++) {
      const noisy = pixels[pixel]! + random.nextInteger(64);
      pixels[pixel] = Math.min(LARGEST_PIXEL, Math.round(noisy));
    }
  });
  return {
    featureNames: Array.from({ length: SIDE * SIDE }, (_, index) => `pixel ${index + 1}`),
    classNames: Array.from({ length: CLASSES }, (_, label) => String(label)),
    sampleCount: labels.length,
    featureCount: SIDE * SIDE,
    features,
    labels: Int32Array.from(labels),
  };
}

/** Where the dots of each class's drawing sit: the same for every set made from this seed. */
function drawClasses(seed: string): readonly (readonly (readonly [number, number])[])[] {
  const random = new SeededRandom(seed, "drawings");
  const place = () => STROKE_RADIUS + random.nextInteger(SIDE - 2 * STROKE_RADIUS);
  return Array.from({ length: CLASSES }, () =>
    Array.from({ length: STROKES }, (): readonly [number, number] => [place(), place()]),
  );
}

function addDot(pixels: Float64Array, centreX: number, centreY: number): void {
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const distance = Math.hypot(x - centreX, y - centreY);
      if (distance > STROKE_RADIUS) continue;
      const at = y * SIDE + x;
      pixels[at] = Math.max(pixels[at]!, LARGEST_PIXEL * (1 - distance / (STROKE_RADIUS + 1)));
    }
  }
}
