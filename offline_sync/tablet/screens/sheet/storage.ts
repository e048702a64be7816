/** Whether another photo may be taken: room on the tablet, and no more than a visit may have. */
import { useLive } from "../../parts/hooks";

const MOST_PHOTOS = 120; // of one visit (sync.md §6)
const FULL = "存储空间不足，暂不能拍照，文字照常保存。请先连网上传，腾出空间。";
const MANY = `这次检查已有 ${MOST_PHOTOS} 张照片，不能再加。拍错的可以在问题里删掉。`;

/** Why no photo may be taken now; null when one may. `taken`: how many the visit has. */
export function useNoPhotos(taken: number): string | null {
  const room = useLive(["storage", "photos"], (tablet) => tablet.storage.state());
  if (room.value && !room.value.photos_allowed) return FULL;
  return taken >= MOST_PHOTOS ? MANY : null;
}
