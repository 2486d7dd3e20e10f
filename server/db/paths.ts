/**
 * The paths that lie below one of a folder, as a range in the order of bytes: what folders may be called has no letter
 * between the slash and `0`, which follows it.
 */
export const below = (path: string): { from: string; to: string } =>
  path === "/" ? { from: "/", to: "0" } : { from: `${path}/`, to: `${path}0` }

/**
 * Joins an environment of the project `p` by its slug, `$first`, and in it a folder by its path, the value after that;
 * both are null where there is none. For facts.
 */
export const folderAt = (environment: string, folder: string, first: number): string => `
  left join environments ${environment} on ${environment}.org_id = $1
    and ${environment}.project_id = p.id and ${environment}.slug = $${first}::text
    and ${environment}.deleted_at is null
  left join folders ${folder} on ${folder}.org_id = $1
    and ${folder}.environment_id = ${environment}.id and ${folder}.path = $${first + 1}::text
    and ${folder}.ended_at is null and not ${folder}.is_reserved`
