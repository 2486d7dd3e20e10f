/**
 * The paths that lie below one of a folder, as a range in the order of bytes: what folders may be called has no letter
 * between the slash and `0`, which follows it.
 */
export const below = (path: string): { from: string; to: string } =>
  path === "/" ? { from: "/", to: "0" } : { from: `${path}/`, to: `${path}0` }
