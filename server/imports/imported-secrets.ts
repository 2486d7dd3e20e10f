import { recordRead } from "../audit/audit.ts"
import type { ProjectContext } from "../context.ts"
import { importEvents, showImports, type SeenImport } from "../secrets/lists.ts"
import { eventPlace } from "../secrets/secrets.ts"
import { authorizeIn, folderOf, type Place } from "./imports.ts"
import { importedBy } from "./imported.ts"

/** The secrets that a folder imports and the caller may see, by import, in their order. */
export async function listImportedSecrets(ctx: ProjectContext, place: Place): Promise<SeenImport[]> {
  authorizeIn(ctx, "read", place)
  const { folderId } = await folderOf(ctx, place)
  const imports = await importedBy(ctx, [folderId])
  const at = eventPlace(ctx, { environment: place.environment, secretPath: place.path })
  await recordRead(ctx, "get-secrets", { ...at, numberOfSecrets: 0, ...importEvents(imports) })
  return showImports(ctx, imports, true)
}
