/** What IndexedDB throws, told to people. */
import { Trouble } from "../tablet";

const LOST = new Set(["InvalidStateError", "TransactionInactiveError", "UnknownError", "AbortError", "TimeoutError"]);
const nameOf = (error: unknown): string => (error instanceof Error || error instanceof DOMException ? error.name : "");
/** Whether the connection is to blame, so that a new one may help. */
export const isLost = (error: unknown): boolean => LOST.has(nameOf(error));

export const lost = (cause: unknown): Trouble => new Trouble("store_lost",
  "没能存进本机：存储连接断开，重试也没有成功。刚才的内容还在屏幕上，请不要关闭本页，稍等再试；仍不行请截屏后重启平板。", { cause: String(cause) });

/** The sentence for a failure that people can do something about; anything else stays what it is. */
export function told(error: unknown): unknown {
  const name = nameOf(error);
  if (name === "QuotaExceededError") return new Trouble("storage_full", "平板存储空间已满，没能存下。请先连网上传，或删除平板里不用的文件，再试一次。");
  if (name === "VersionError") return new Trouble("store_newer", "本程序已在另一个窗口更新。请关闭本窗口，重新打开程序。");
  return error;
}

/** Any failure of a write as a Trouble, for those who keep what could not be written in memory. */
export function asTrouble(error: unknown): Trouble {
  return error instanceof Trouble ? error : new Trouble("store_failed",
    "没能存进本机。刚才的内容还在屏幕上，请不要关闭本页，稍等再试；仍不行请截屏并报告办公室。", { cause: String(error) });
}
