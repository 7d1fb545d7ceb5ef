import CanonicalJSON
import Migration
import Support
import System
import Testing

extension AcceptanceTests {
  /// Codemods that change a file right after it was written, and not its size: nothing tells such an edit but
  /// the content.
  struct Edits: Sendable, CustomTestStringConvertible {
    let release: PythonProject.Release
    let verifier: String
    /// Names of the same length, old and new, and the folders that have them.
    let renames: [(id: String, old: String, new: String)]
    /// Edits of the same size after which the tests fail.
    let faults: [(id: String, script: String, file: String)]

    var testDescription: String { release.rawValue }
  }

  static let edits = [
    Edits(
      release: .pluggy, verifier: "PYTHONPATH=src PROGRAMS/python -m pytest -q testing",
      renames: [
        ("call-many", "_multicall", "_call_many"), ("callhook", "_hookexec", "_callhook"),
        ("plugin-dict", "_name2plugin", "_plugin_dict"), ("throw", "_raise_wrapfail", "_throw_wrapfail"),
        ("put", "_add_hookimpl", "_put_hookimpl"),
      ],
      faults: [
        ("shadowed", "s/\\bvarnames\\b/argnames/g", "src/pluggy/_hooks.py"),
        ("always-first", "s/if firstresult:/if 1 == 1 == 1:/", "src/pluggy/_callers.py"),
        ("half-renamed", "s/def _verify_hook/def _hook_verify/", "src/pluggy/_manager.py"),
      ]),
    Edits(
      release: .idna, verifier: "PROGRAMS/python -m pytest -q tests",
      renames: [
        ("ascii", "_punycode", "_to_ascii"), ("hex", "_unot", "_uhex"),
        ("class", "_combining_class", "_canonical_class"), ("bundle", "_encode_range", "_bundle_range"),
        ("spread", "_decode_range", "_spread_range"),
      ],
      faults: [
        ("too-short", "s/> 63/> 36/", "idna/core.py"), ("shifted", "s/<< 32/<< 31/", "idna/intranges.py"),
        ("half-renamed", "s/def _is_script/def _in_script/", "idna/core.py"),
      ]),
  ]

  @Test("same-size edits within a second are merged when they are good, and only then", arguments: edits)
  func sameSize(_ edits: Edits) throws {
    guard let project = try fetched(edits.release) else { return }
    let world = try TestRepository(.unborn)
    try project.commit(to: world)
    let sizes = try self.sizes(of: "main", world)
    let verifier = edits.verifier.replacing("PROGRAMS", with: project.programs)
    try Files.writeAtomically(world.root + "/plan.md", Array(plan(edits, verifier).utf8))
    #expect(try world.runMigrate("start", world.root + "/plan.md").code == 0)
    _ = try world.runMigrate("run", "--jobs", "4")

    let states = try steps(of: world).reduce(into: [String: String]()) { states, step in
      if case .string(let id)? = step["id"], case .string(let state)? = step["state"] { states[id] = state }
    }
    for rename in edits.renames { #expect(states[rename.id] == "merged", "\(rename.id)") }
    for fault in edits.faults {
      #expect(states[fault.id] == "blocked", "\(fault.id)")
      #expect(try world.runMigrate("skip", fault.id, "--reason", "it breaks the tests").code == 0)
    }
    #expect(try world.runMigrate("finish").code == 0)
    // Every edit is there, whole, and nothing else.
    #expect(try self.sizes(of: "main", world) == sizes)
    for rename in edits.renames {
      #expect(try world.runGit(["grep", "-qw", rename.old, "main", "--", "*.py"]).code == 1, "\(rename.old)")
      #expect(try world.runGit(["grep", "-qw", rename.new, "main", "--", "*.py"]).code == 0, "\(rename.new)")
    }
    try expectCleanHistory(world)
    try expectFreshClonePasses(world, [verifier])
    try expectNothingLeft(world)
  }

  private func plan(_ edits: Edits, _ verifier: String) -> String {
    let renames = edits.renames.map { rename in
      """
        - id: \(rename.id)
          run: git grep -lw \(rename.old) -- '*.py' | xargs sed -i 's/\\b\(rename.old)\\b/\(rename.new)/g'
          expect: change
      """
    }
    let faults = edits.faults.map { fault in
      """
        - id: \(fault.id)
          run: sed -i '\(fault.script)' \(fault.file)
          expect: change
      """
    }
    // Good and bad take turns, so that each is judged in a worktree that the other has used.
    let steps = renames.indices.flatMap { [renames[$0]] + faults.dropFirst($0).prefix(1) }
    return """
      ---
      migration: names
      attempts: 1
      gate:
        verifiers:
          - { name: tests, run: "\(verifier)" }
      steps:
      \(steps.joined(separator: "\n"))
      ---
      """
  }

  /// The size of each file of a commit.
  private func sizes(of commit: String, _ world: TestRepository) throws -> [String] {
    try world.git("ls-tree", "-r", "--format=%(objectsize) %(path)", commit).split(separator: "\n").map(
      String.init)
  }
}
