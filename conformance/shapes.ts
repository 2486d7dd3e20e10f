import ts from "typescript"

/** What a type demands of a value: a list of sentences about where it is not so, which is empty when it fits. */
export type Shape = (value: unknown) => string[]

/**
 * The shapes of what the methods of a class promise to answer, read from a declaration file by the compiler itself:
 * a method that returns `Promise<AxiosResponse<T>>` has the shape of `T`.
 */
export function answerShapes(declarationFile: string, className: string): (method: string) => Shape {
  const program = ts.createProgram([declarationFile], { strict: true, types: [], skipLibCheck: true })
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(declarationFile)
  const declaration = source?.statements.find(
    (statement) => ts.isClassDeclaration(statement) && statement.name?.text === className,
  )
  if (!declaration) throw new Error(`${declarationFile} declares no class ${className}.`)
  const members = checker.getTypeAtLocation(declaration)
  return (method) => {
    const [signature] = checker
      .getTypeOfSymbol(demand(members.getProperty(method), method))
      .getCallSignatures()
    const answer = checker.getAwaitedType(demand(signature, method).getReturnType())
    const data = checker.getTypeOfSymbol(demand(answer?.getProperty("data"), `the answer of ${method}`))
    return (value) => misfits(checker, data, value, "the answer")
  }
}

function demand<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw new Error(`The client has no ${name}.`)
  return value
}

const anything = ts.TypeFlags.Any | ts.TypeFlags.Unknown

/** Everything about `value` that the type does not allow. Keys that the type does not name are allowed. */
function misfits(checker: ts.TypeChecker, type: ts.Type, value: unknown, place: string): string[] {
  const fits = (does: boolean): string[] =>
    does ? [] : [`${place} is ${show(value)} in place of ${checker.typeToString(type)}`]
  // A method that promises nothing promises nothing that could be broken.
  if (type.flags & (anything | ts.TypeFlags.Void)) return []
  if (type.isUnion()) {
    const tries = type.types.map((each) => misfits(checker, each, value, place))
    const nearest = tries.find((each) => each.every((text) => !text.startsWith(`${place} is `)))
    return tries.some((each) => each.length === 0) ? [] : (nearest ?? fits(false))
  }
  if (type.isStringLiteral() || type.isNumberLiteral()) return fits(value === type.value)
  if (type.flags & ts.TypeFlags.BooleanLiteral) return fits(String(value) === checker.typeToString(type))
  if (type.flags & ts.TypeFlags.String) return fits(typeof value === "string")
  if (type.flags & ts.TypeFlags.Number) return fits(typeof value === "number")
  if (type.flags & ts.TypeFlags.Null) return fits(value === null)
  if (type.flags & ts.TypeFlags.Undefined) return fits(value === undefined)
  if (checker.isArrayType(type)) {
    const [element] = checker.getTypeArguments(type as ts.TypeReference)
    if (!Array.isArray(value) || !element) return fits(false)
    return value.flatMap((each, index) => misfits(checker, element, each, `${place}[${index}]`))
  }
  // An interface without members, which the generator makes of alternatives, promises that there is something.
  if (type.getProperties().length === 0 && checker.getIndexInfosOfType(type).length === 0)
    return fits(value !== null && value !== undefined)
  if (typeof value !== "object" || value === null || Array.isArray(value)) return fits(false)
  return membersMisfit(checker, type, value, place)
}

function membersMisfit(checker: ts.TypeChecker, type: ts.Type, value: object, place: string): string[] {
  return type.getProperties().flatMap((property) => {
    const there = `${place}.${property.name}`
    if (!(property.name in value))
      return property.flags & ts.SymbolFlags.Optional ? [] : [`${there} is missing`]
    return misfits(
      checker,
      checker.getTypeOfSymbol(property),
      value[property.name as keyof typeof value],
      there,
    )
  })
}

const show = (value: unknown): string => JSON.stringify(value)?.slice(0, 80) ?? String(value)
