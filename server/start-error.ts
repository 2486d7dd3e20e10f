/** A reason why the server cannot start, said in one sentence that tells the operator what to do. */
export class StartError extends Error {
  override name = "StartError"
}
