/** Which build runs: registers the service worker, looks for a newer one, lets it in when nothing can be lost. */
export async function keepCurrent(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("/tablet/sw.js", { scope: "/tablet/", updateViaCache: "none" });
}
