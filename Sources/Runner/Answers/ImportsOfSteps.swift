import Gate
import Git
import Ledger
import Migration
import Site

/// What the files import that steps are for, as they were when their migration began.
struct ImportsOfSteps {
  private let site: Site
  private var known: [String: [String]] = [:]
  private var files: [String: (tree: OID, paths: [String])] = [:]

  /// How many files of a step are read, and up to how many bytes.
  private static let (most, limit) = (200, 1 << 20)

  init(_ site: Site) { self.site = site }

  /// The names, each once.
  mutating func names(of step: PlannedStep, in state: MigrationState) throws(CommandError) -> [String] {
    let key = "\(state.name)/\(step.id)"
    if let names = known[key] { return names }
    let (tree, all) = try tracked(state)
    let globs = Insight.paths(of: step).compactMap(PathGlob.init)
    let paths = step.match["path"].map { [$0] } ?? all.filter { path in globs.contains { $0.matches(path) } }
    var names: [String] = []
    for path in paths.prefix(Self.most) {
      let text = try reporting { () throws -> String? in
        guard let entry = try site.repository.entry(at: path, inTree: tree), entry.kind == .blob else {
          return nil
        }
        let bytes = try site.repository.blob(entry.oid)
        return bytes.count > Self.limit ? nil : String(decoding: bytes, as: UTF8.self)
      }
      for name in text.map({ ImportNames.of(CodeLines.text(of: $0, path: path), path: path) }) ?? []
      where !names.contains(name) {
        names.append(name)
      }
    }
    known[key] = names
    return names
  }

  private mutating func tracked(
    _ state: MigrationState
  ) throws(CommandError) -> (tree: OID, paths: [String]) {
    if let found = files[state.name] { return found }
    let found = try reporting { () throws -> (tree: OID, paths: [String]) in
      let tree = try site.repository.treeOf(commit: state.start.oid)
      let output = try site.git.run(["ls-tree", "-r", "-z", "--name-only", tree.hex])
      let paths = output.stdout.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      return (tree, paths)
    }
    files[state.name] = found
    return found
  }
}
