/** A reason why the server cannot start, said in one sentence that tells the operator what to do. */
export class StartError extends Error {
  override name = "StartError"
}

/** Runs the main function of a process: a `StartError` is one sentence, anything else is a defect, and shown whole. */
export async function runMain(main: () => Promise<void>): Promise<void> {
  try {
    await main()
  } catch (error) {
    console.error(error instanceof StartError ? error.message : error)
    process.exitCode = 1
  }
}
