/** SHA-256 of bytes in hex. Browsers have it on secure pages only (https, or this machine). */
import { Trouble } from "../tablet";

export async function sha256(bytes: ArrayBuffer): Promise<string> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle as SubtleCrypto | undefined;
  if (!subtle) {
    throw new Trouble("insecure_page", "本页不是安全连接（https），不能保存照片。请用办公室给的 https 地址打开，或扫码重新安装。");
  }
  const hash = new Uint8Array(await subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
