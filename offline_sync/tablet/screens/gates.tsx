/** Where the work could not be kept: told before anybody signs in, with the way out. */
import { useState } from "preact/hooks";
import { insideApp, mustInstall } from "../parts/browser";
import { Button } from "../parts/button";

/** The screen that stands before everything else, or null. */
export function gate() {
  const app = insideApp();
  if (app) return <OpenElsewhere app={app} />;
  return mustInstall() ? <InstallFirst /> : null;
}

function OpenElsewhere({ app }: { app: string }) {
  const [copied, setCopied] = useState(false);
  const address = location.href;
  const copy = () => void navigator.clipboard?.writeText(address).then(() => setCopied(true), () => setCopied(false));
  return (
    <main class="gate">
      <h1>请用浏览器打开巡村</h1>
      <p>现在是在{app}里打开的。{app}随时可能清掉检查记录和照片，所以不能在这里填写。</p>
      <ol class="steps">
        <li>点右上角的三个点，选<b>“在浏览器打开”</b>。</li>
        <li>或者复制下面的地址，粘贴到平板自带的浏览器或 Chrome 里。</li>
      </ol>
      <p class="address">{address}</p>
      <Button kind="main" wide onClick={copy}>{copied ? "已复制，请到浏览器粘贴" : "复制地址"}</Button>
    </main>
  );
}

function InstallFirst() {
  return (
    <main class="gate">
      <h1>先把巡村添加到主屏幕</h1>
      <p>在 Safari 标签页里填写的内容，几天不用就会被系统清掉；添加到主屏幕后不会。</p>
      <ol class="steps">
        <li>点 Safari 的<b>分享</b>按钮（方框加向上箭头）。</li>
        <li>选<b>“添加到主屏幕”</b>，再点<b>“添加”</b>。</li>
        <li>回到主屏幕，点<b>巡村</b>图标打开，在那里登录。</li>
      </ol>
      <p class="muted">收到登记二维码的，请添加之后用巡村里的“扫码登记”再扫一次。</p>
    </main>
  );
}
