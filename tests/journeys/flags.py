"""What every test's Chromium is started with: nothing of a browser that no test looks at."""

# The address bar's popups are pages with a process of their own: a third of what a start costs.
_POPUPS = "WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup"
# Playwright's own list, since the last one given is the one that counts.
_PLAYWRIGHT = (
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,"
    "LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,"
    "TcpPortRandomizationWin,OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch"
)
ALONE = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", f"--disable-features={_POPUPS}"]
"""Started without Playwright."""
FLAGS = [*ALONE[:-1], "--lang=zh-CN", f"--disable-features={_PLAYWRIGHT},{_POPUPS},RenderDocument"]
"""Started by Playwright; a page of the same house takes its place in the frame that is there."""
