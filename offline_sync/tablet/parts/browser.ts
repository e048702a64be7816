/** What kind of browser this is, as far as it decides whether work may be kept here (screens ask before sign-in). */

/** iPad and iPhone in a tab: what a tab keeps is thrown away after seven days, and is not there once installed. */
export function mustInstall(agent = navigator.userAgent, touches = navigator.maxTouchPoints): boolean {
  const apple = /iPad|iPhone|iPod/.test(agent) || (/Macintosh/.test(agent) && touches > 1);
  return apple && !standalone();
}

export const standalone = (): boolean =>
  matchMedia("(display-mode: standalone)").matches || (navigator as { standalone?: boolean }).standalone === true;

/** The browser inside a chat app or another app: its storage is at that app's mercy. Returns the app's name. */
export function insideApp(agent = navigator.userAgent): string | null {
  if (/wxwork/i.test(agent)) return "企业微信";
  if (/MicroMessenger/i.test(agent)) return "微信";
  if (/DingTalk/i.test(agent)) return "钉钉";
  if (/Lark|Feishu/i.test(agent)) return "飞书";
  if (/\bQQ\//i.test(agent)) return "QQ";
  return /; wv\)/.test(agent) ? "其他应用" : null;
}
