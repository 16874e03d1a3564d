/** Who runs this installation; null where the operator has not said. */
export interface Operator {
  name: string | null;
  supportEmail: string | null;
}
