/** Reads QR codes from a playing video: by the browser where it can, else by the reader that we bring along. */

interface Detector { detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]> }
interface DetectorClass { new (options: { formats: string[] }): Detector; getSupportedFormats(): Promise<string[]> }

const WIDE = 800; // pixels: enough for a plate at arm's length, quick on an old tablet

/** Gives a function that looks once at the video: the code's text, or null. */
export async function openReader(): Promise<(video: HTMLVideoElement) => Promise<string | null>> {
  const own = await ownDetector();
  if (own) return async (video) => (await own.detect(video))[0]?.rawValue ?? null;
  const { readQr } = await import("./zxing");
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const { videoWidth: width, videoHeight: height } = video;
    if (!pen || !width) return null;
    const share = Math.min(1, WIDE / Math.max(width, height));
    canvas.width = Math.round(width * share);
    canvas.height = Math.round(height * share);
    pen.drawImage(video, 0, 0, canvas.width, canvas.height);
    return readQr(pen.getImageData(0, 0, canvas.width, canvas.height));
  };
}

async function ownDetector(): Promise<Detector | null> {
  const Own = (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;
  try {
    if (!Own || !(await Own.getSupportedFormats()).includes("qr_code")) return null;
    return new Own({ formats: ["qr_code"] });
  } catch {
    return null; // there in name only: Android without the services it rests on
  }
}
