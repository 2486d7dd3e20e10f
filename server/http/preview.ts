/** The media type of what `dryRun=true` answers. */
export const previewType = "application/vnd.conclave.preview+json"
