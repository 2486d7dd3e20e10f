import assert from "node:assert/strict"
import { chmod, cp, lstat } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import { findBinaries, findPackage, linkLibraries } from "./binaries.ts"
import { atEnd, isRoot, temporaryFolder } from "./fixture.ts"
import { findPlace, makeDataDir } from "./placement.ts"

/** The npm package as it is when npm was told to ignore scripts. */
async function copyWithoutLinks(root: string): Promise<void> {
  const filter = async (path: string) => !(await lstat(path)).isSymbolicLink()
  await cp(findPackage(), root, { recursive: true, filter })
}

test("missing links between libraries are made, also by two at once", async (t) => {
  const folder = await temporaryFolder(t)
  const root = join(folder, "package")
  await copyWithoutLinks(root)
  const place = await findPlace(await makeDataDir(join(folder, "data")))
  await Promise.all([linkLibraries(root), linkLibraries(root)])
  const binaries = await findBinaries(place, root)
  assert.equal(binaries.postgres, join(root, "native", "bin", "postgres"))
})

test("binaries that cannot be linked or reached where they are get copied", async (t) => {
  const folder = await temporaryFolder(t)
  const root = join(folder, "package")
  await copyWithoutLinks(root)
  const closed = isRoot ? root : join(root, "native", "lib")
  await chmod(closed, isRoot ? 0o700 : 0o555)
  atEnd(t, () => chmod(closed, 0o755))

  const place = await findPlace(await makeDataDir(join(folder, "data")))
  const binaries = await findBinaries(place, root)
  assert.ok(binaries.postgres.startsWith(join(place.base, "binaries-18")))
  assert.deepEqual(await findBinaries(place, root), binaries)
})
