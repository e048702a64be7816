/** Puts the tablet together and shows it. */
import { keepCurrent } from "./updates";

void keepCurrent();
