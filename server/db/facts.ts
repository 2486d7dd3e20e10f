/**
 * A read that travels in the same statement as the look-up of the caller, so that a hot write needs two round
 * trips, and a hot read one. Its SQL is a `select` of one row, whose columns all begin with `fact_`; `$1` is the
 * caller's organization (null: none is selected), `$3` the caller's own id, its own values begin at `$4`. Where the
 * request is about a project, `$4` names that, own values begin at `$5`, and `p.id` is its id (null: there is none).
 * Plain columns, since PostgreSQL takes longer to write JSON than to read the rows.
 */
export type Facts<Row, Values extends unknown[]> = {
  readonly sql: string
  /** Never read; carries the types. */ readonly types?: (values: Values) => Row
}

export const facts = <Row, Values extends unknown[]>(sql: string): Facts<Row, Values> => ({ sql })
