/** Addresses inside the tablet that travel: as a QR from one tablet to another. */

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A visit that photos may be added to; where it is and by what, as far as the one who opens it is told. */
export interface VisitLink { inspection: string; round: string | null; village: string | null; checklist: string | null }

/** `checklist` may be its whole hash; the beginning is enough, so that the code on the screen stays coarse. */
export const evidenceLink = ({ inspection, round, village, checklist }: VisitLink): string =>
  `/evidence/${inspection}/${round ?? "-"}/${village ?? "-"}/${checklist?.slice(0, 12) ?? "-"}`;

/** The visit that a scanned text or a path names; null for anything else. */
export function readEvidenceLink(text: string): VisitLink | null {
  const [, rest = ""] = /(?:^|#)\/?evidence\/([^?#]+)$/.exec(text.trim()) ?? [];
  const [inspection = "", round = "", village = "", checklist = ""] = rest.split("/");
  if (!UUID.test(inspection)) return null;
  return {
    inspection, round: UUID.test(round) ? round : null, village: /^\d{12}$/.test(village) ? village : null,
    checklist: /^[0-9a-f]{12}$/.test(checklist) ? checklist : null,
  };
}
