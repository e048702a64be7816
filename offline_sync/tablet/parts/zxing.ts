/** The reader for tablets whose browser reads no codes itself (Huawei, iPad). A chunk of its own, asked for by `decode.ts`. */
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import wasm from "zxing-wasm/reader/zxing_reader.wasm";

let ready: Promise<unknown> | null = null;

/** The text of the QR code in a picture; null when there is none to be read. */
export async function readQr(picture: ImageData): Promise<string | null> {
  ready ??= prepareZXingModule({ overrides: { locateFile: () => wasm as unknown as string }, fireImmediately: true });
  await ready;
  const [found] = await readBarcodes(picture, { formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 1 });
  return found?.isValid ? found.text : null;
}
