/**
 * A piece of SQL for a write in one statement: the custom roles by which its caller was judged, which `$index` names by
 * id and content (see the views `held_…_roles`), kept as they are until the commit. One that has changed is not there.
 * `$1` is the organization.
 */
export const heldRoles = (index: number): string => `
  held_roles as (
    select id from organization_roles
    where org_id = $1 and id = any(array(select split_part(key, ':', 2)::uuid from unnest($${index}::text[]) key))
      and 'custom:' || id || ':' || rules_digest = any($${index}::text[])
    for share
  )`

/** Whether all of them still are. */
export const isStanding = (index: number): string =>
  `((select count(*) from held_roles) = cardinality($${index}::text[]))`
