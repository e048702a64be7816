/** Puts the tablet together and shows it. */
import { openLive } from "./live";
import { keepCurrent } from "./updates";

const live = openLive();
void keepCurrent(live, () => null);
