import Migration

/// One path that a candidate changes, as git's tree diff with rename detection tells it.
public struct ChangedPath: Hashable, Sendable {
  /// What happened to the path.
  public enum Kind: Hashable, Sendable {
    case added, modified, deleted
    /// It was moved here from another path, perhaps with changes.
    case renamed(from: String)
  }

  /// The path after the change; for a deletion the path that is gone.
  public var path: String
  /// What happened.
  public var kind: Kind

  /// Makes a change.
  public init(path: String, kind: Kind) {
    self.path = path
    self.kind = kind
  }

  /// The path before the change, or `nil` for an addition.
  public var oldPath: String? {
    switch kind {
    case .added: nil
    case .modified, .deleted: path
    case .renamed(let old): old
    }
  }

  /// The path after the change, or `nil` for a deletion.
  public var newPath: String? { kind == .deleted ? nil : path }
}

/// What a guard has against a change.
public struct GuardFinding: Hashable, Sendable {
  /// The guard that found it.
  public var guardName: Plan.Guard
  /// What kind of thing it is, in a word that stays the same, such as `lost-test`; see `FindingKind`.
  public var kind: FindingKind
  /// The path it is about.
  public var path: String
  /// The line in the new text, from 1, or `nil` when it is about the whole file.
  public var line: Int?
  /// The test or the setting that it is about, or `nil` when the path says it.
  public var subject: String?
  /// A plain sentence without a full stop, such as `test file was deleted`. Never holds the secret itself.
  public var message: String

  /// Makes a finding.
  public init(
    guardName: Plan.Guard, kind: FindingKind = .other, path: String, line: Int? = nil,
    subject: String? = nil, message: String
  ) {
    self.guardName = guardName
    self.kind = kind
    self.path = path
    self.line = line
    self.subject = subject
    self.message = message
  }

  /// What `allow` names: the same for the same finding in the next attempt, wherever its line is then:
  /// `lost-test:tests/test_a.py:test_total`.
  public var name: String {
    ([kind.rawValue, path] + (subject.map { [$0] } ?? [])).joined(separator: ":")
  }

  /// The finding as a failure for the prompt.
  public var failure: GateFailure { GateFailure(file: path, line: line, message: message) }
}

/// A candidate's change against its base, with the texts where a guard needs them.
public struct TreeChange {
  /// Every path that differs.
  public var paths: [ChangedPath]
  /// What a path held before the change.
  public var old: (String) -> FileContent
  /// What a path holds after the change.
  public var new: (String) -> FileContent
  /// All paths after the change, for what is asked rarely; none where nobody can tell them.
  public var files: () -> [String]

  /// The text of a path before the change; `nil` for binary, missing or far too large files.
  public var oldText: (String) -> String? { { [old] in old($0).text } }
  /// The text of a path after the change; `nil` for binary, missing or far too large files.
  public var newText: (String) -> String? { { [new] in new($0).text } }

  /// Makes a change. The closures are called with any path of the trees, such as a runner's configuration
  /// that was not changed.
  public init(
    paths: [ChangedPath], old: @escaping (String) -> FileContent, new: @escaping (String) -> FileContent,
    files: @escaping () -> [String] = { [] }
  ) {
    self.paths = paths
    self.old = old
    self.new = new
    self.files = files
  }

  /// The same with texts alone: what is none counts as missing.
  public init(
    paths: [ChangedPath], oldText: @escaping (String) -> String?, newText: @escaping (String) -> String?
  ) {
    self.init(
      paths: paths, old: { oldText($0).map(FileContent.text) ?? .missing },
      new: { newText($0).map(FileContent.text) ?? .missing })
  }

  /// What the named guards have against the change, in the order of `guards` and of the paths. `globs` are
  /// the step's `paths`; `protected` are globs of the files that decide what the verifiers do, beside the
  /// default list (`nil` for that alone).
  ///
  /// The guard `tests` brings `protected` along: a test that its runner no longer takes is lost as well. Any
  /// guard brings `tree` along: what cannot be read as text hides from the others.
  public func findings(
    guards: [Plan.Guard], globs: [String], protected: [String]? = nil
  ) -> [GuardFinding] {
    if guards.isEmpty { return [] }
    let found = guards.flatMap { name in
      switch name {
      case .scope: scopeFindings(globs: globs)
      case .tests: testFindings() + protectedFindings(globs: protected, isStrict: false)
      case .secrets: secretFindings()
      case .protected: protectedFindings(globs: protected)
      case .tree: treeFindings()
      }
    }
    var seen: Set<GuardFinding> = []
    return (found + treeFindings()).filter { seen.insert($0).inserted }
  }

  /// Paths outside the step's globs, both ends of a rename included; none when there are no globs.
  public func scopeFindings(globs: [String]) -> [GuardFinding] {
    if globs.isEmpty { return [] }
    // A glob that cannot be read allows nothing.
    let allowed = globs.compactMap(PathGlob.init)
    var findings: [GuardFinding] = []
    for change in paths {
      for path in Set([change.oldPath, change.newPath].compactMap { $0 }).sorted()
      where !allowed.contains(where: { $0.matches(path) }) {
        findings.append(
          GuardFinding(
            guardName: .scope, kind: .outsidePaths, path: path,
            message: "is outside the paths of this step"))
      }
    }
    return findings
  }
}

/// The lines of `new` that are not in `old`, with their numbers from 1; a line that only moved is not among
/// them.
func addedLines(old: String?, new: String) -> [(number: Int, text: Substring)] {
  var before: [Substring: Int] = [:]
  for line in lines(of: old ?? "") { before[line, default: 0] += 1 }
  var added: [(Int, Substring)] = []
  for (index, line) in lines(of: new).enumerated() {
    if let count = before[line], count > 0 {
      before[line] = count - 1
    } else {
      added.append((index + 1, line))
    }
  }
  return added
}

/// The lines of a text without their ends.
func lines(of text: String) -> [Substring] {
  text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
    Substring(line.last == 0x0D ? line.dropLast() : line)
  }
}
