/** Which shape of row each kind has. */
import type {
  AssignmentRow, CardRow, ChecklistRow, InspectionRow, LookBackRow, PhotoRow, RoundRow, SettingsRow, TaskRow, TownRow, UnitRow,
  VillageRow,
} from "./wire";

export interface RowShapes {
  settings: SettingsRow;
  town: TownRow;
  unit: UnitRow;
  checklist: ChecklistRow;
  round: RoundRow;
  assignment: AssignmentRow;
  village: VillageRow;
  inspection: InspectionRow;
  task: TaskRow;
  photo: PhotoRow;
  card: CardRow;
  look_back: LookBackRow;
}

export type RowKind = keyof RowShapes;
/** A row with the number of the change that last touched it.
 *
 * `provisional`: verbs of this person's acts that it shows already and that the rows do not know yet.
 */
export type RowOf<K extends RowKind> = RowShapes[K] & { rev: number; home?: string; provisional?: string[] };
