/*
 * What a dated table held at a time or within one. Rows that are open and rows that were closed are read apart, since each
 * of them has indexes of its own: what is open is never looked for among all that ever was.
 */

/** All rows of a dated table, by the indexes of both parts. */
export const everOf = (table: string): string =>
  `(select * from ${table} where not is_closed union all select * from ${table} where is_closed)`

/** The rows that held at a time or after it, and at or before another; the same one for what held at that time. */
export const heldWithin = (table: string, from: string, to: string): string => `(
    select * from ${table}
    where not is_closed and valid_from <= ${to} and (valid_until is null or valid_until > ${from})
    union all
    select * from ${table}
    where is_closed and valid_from <= ${to} and valid_until > ${from} and valid_until <= statement_timestamp()
  )`
