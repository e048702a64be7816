/** ms since `then`, a Date.now() of this page. A clock that was set meanwhile, either way, counts as time that passed:
 * what is done now and then is rather done once too often than not for years. */
export const passed = (then: number): number => Math.abs(Date.now() - then);
