import { ruleFaults } from "../access/project-rules.ts"
import { projectActions } from "../access/vocabulary.ts"

/** What rules of a project may speak of. */
export const vocabulary = { subjects: Object.keys(projectActions), faultsOf: ruleFaults }
