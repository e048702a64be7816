/** Words that recur on the tablet's screens, as the offices say them. */
import type { Action, Severity } from "../model";

export const ACTIONS: readonly { value: Action; words: string; means: string }[] = [
  { value: "dispatch", words: "派单", means: "上传后生成整改任务" },
  { value: "fixed", words: "当场整改", means: "已当场改好，补一张整改后照片" },
  { value: "record", words: "仅记录", means: "记在评分表上，不派单" },
];

export const SEVERITY_WORDS: Readonly<Record<Severity, string>> = { minor: "一般", major: "较重", critical: "严重" };

export const VETO = "一票否决";
export const NOT_APPLICABLE = "不适用";

/** Reasons people give when a village does not sign; anything else is written. */
export const REFUSALS: readonly string[] = ["村负责人不在场", "村负责人对结果有异议", "暗访，未通知村里"];

/** Reasons why an item is not asked of a village; anything else is written. */
export const NA_REASONS: readonly string[] = ["村内没有此类设施", "村内没有此类情况", "已由上级统一负责"];

/** Reasons for putting a visit right. */
export const AMEND_REASONS: readonly string[] = ["漏记了问题", "问题或处数填错", "照片配错", "责任单位选错", "与村里核对后更正"];

/** Reasons for drawing homes anew. */
export const REDRAW_REASONS: readonly string[] = ["抽中的户无人在家", "抽中的户已搬离", "总户数填错了"];

/** `1 天`: how long a mending may take; one day is said as the offices say it. */
export const daysWords = (days: number): string => (days === 1 ? "1 天（立行立改）" : `${days} 天`);

/** The item's number within its section's list, short: RE-1.1 → 1.1. */
export const shortCode = (code: string): string => code.replace(/^[A-Z]+-/, "");
