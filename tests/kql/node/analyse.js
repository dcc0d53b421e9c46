// Binds queries by Microsoft's language service of KQL. Standard input: the tables and the queries;
// standard output: for each query what is wrong with it, and what it uses.
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");

const { KustoCode, GlobalState, Symbols, Syntax } = globalThis.Kusto.Language;
const kindOf = (node) => globalThis.System.Enum.toString(Syntax.SyntaxKind, node.Kind);
const textOf = (node) => node.toString(Syntax.IncludeTrivia.Interior).trim();

function* items(list) {
  for (let index = 0; list && index < list.Count; index++) yield list.getItem(index);
}

function globalsOf(tables) {
  const symbols = Object.entries(tables).map(([name, { columns }]) => {
    const schema = Object.entries(columns).map(([column, type]) => `['${column}']: ${type}`);
    return Symbols.TableSymbol.From(`(${schema.join(", ")})`).WithName(name);
  });
  return GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor("workspace", symbols));
}

// A value inside a dynamic one: the name of the column and the steps from there; null for what
// is neither a name nor such a path.
function pathOf(node) {
  const kind = kindOf(node);
  if (kind === "NameReference") return { root: node.SimpleName, steps: [] };
  if (kind !== "PathExpression" && kind !== "ElementExpression") return null;
  const outer = pathOf(node.Expression);
  return outer && { root: outer.root, steps: [...outer.steps, stepOf(node.Selector)] };
}

function stepOf(selector) {
  if (kindOf(selector) === "NameReference") return selector.SimpleName;
  const value = selector.Expression && selector.Expression.LiteralValue;
  return typeof value === "string" ? value : 0;
}

function isInner(node) {
  const parent = node.Parent && kindOf(node.Parent);
  return parent === "PathExpression" || parent === "ElementExpression";
}

function problemsOf(code) {
  const worth = new Set(["Error", "Warning"]);
  return [...items(code.GetDiagnostics())]
    .filter((found) => worth.has(found.Severity))
    .map((found) => `${found.Code}: ${found.Message}`);
}

function analyse(text, globals) {
  const code = KustoCode.ParseAndAnalyze(text, globals);
  const [tables, uses, paths, definitions] = [new Set(), new Set(), [], {}];
  Syntax.SyntaxElement.WalkNodes(code.Syntax, (node) => {
    const kind = kindOf(node);
    uses.add(kind === "FunctionCallExpression" ? `${node.Name.SimpleName}()` : kind);
    if (kind === "NamedParameter") uses.add(textOf(node));
    if (node.ReferencedSymbol instanceof Symbols.TableSymbol) tables.add(node.ReferencedSymbol.Name);
    if (kind === "SimpleNamedExpression") {
      definitions[node.Name.SimpleName] = {
        text: textOf(node.Expression),
        path: pathOf(node.Expression),
        expanded: kindOf(node.Parent) === "MvExpandExpression",
      };
    }
    if ((kind === "PathExpression" || kind === "ElementExpression") && !isInner(node)) {
      paths.push({ text: textOf(node), path: pathOf(node) });
    }
  });
  const result = code.ResultType;
  const columns = [...items(result && result.Columns)].map((one) => [one.Name, one.Type.Name]);
  return {
    problems: problemsOf(code), columns, definitions, paths,
    tables: [...tables], uses: [...uses],
  };
}

const { tables, queries } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const globals = globalsOf(tables);
const found = Object.entries(queries).map(([name, text]) => [name, analyse(text, globals)]);
process.stdout.write(JSON.stringify(Object.fromEntries(found)));
