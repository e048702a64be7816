/** Whether there is room for photos: asked when the sheet opens and whenever photos or room change. */
import { useLive } from "../../parts/hooks";

export function usePhotosAllowed(): boolean {
  const room = useLive(["storage", "photos"], (tablet) => tablet.storage.state());
  return room.value?.photos_allowed ?? true;
}
