import Git
import Migration
import System

/// A way on which the verifiers come to code of this repository that is not the candidate's: an editable
/// install, a linked package, a path that overrides another. Such a verdict says nothing about the candidate.
public struct OutsideCode: Equatable, Sendable {
  /// What leads there: a file, a link or a variable, as it stands in a sentence.
  public var place: String
  /// Where it leads: a file or folder in a work tree of this repository.
  public var target: String
  /// What to do.
  public var hint: String

  /// What was found, as a sentence.
  public var message: String { "verifiers may judge '\(target)' in place of the candidate: \(place)" }
}

/// Looks for ways to other work trees of the repository in all that this machine gives to its verifiers.
/// Reads only; asks Python where its packages are.
package struct OutsideCodeSearch {
  /// How programs of the machine are asked.
  package let launcher: Launcher
  /// What the verifiers get to see.
  package let environment: [String: String]
  /// The names of variables that are passed on because the user said so.
  package let passed: Set<String>
  /// The folder of the main work tree.
  package let main: String
  /// The folder in which the slots are made.
  package let slots: String
  /// Every work tree of the repository, with links resolved: the main one, people's own, and the slots, in
  /// which nothing can be meant to stay.
  package let workTrees: [String]
  /// The commands that the gate runs.
  package let commands: [String]
  /// Whether a file or folder of the repository is tracked.
  package let isTracked: (String) -> Bool
  /// What is copied into the candidates' worktrees.
  package let copied: Set<String>
  /// The work tree that the user's home lies in: whatever is installed for the user lies there too.
  package let homeTree: String?

  /// Looks at a site for the plans that are to be judged in it.
  package init(site: Site, plans: [Plan]) throws(CommandError) {
    let main = try site.mainDirectory()
    let linked = try reporting { try site.repository.worktrees() }.map(\.path)
    self.main = main
    slots = try site.worktreeRoot()
    workTrees = ([main] + linked).compactMap(Files.realPath)
    passed = Set(site.passedVariables)
    launcher = site.launcher
    environment = launcher.environment(for: .probe)
    commands = plans.flatMap { $0.gate.verifiers.map(\.run) + [$0.gate.setup?.run].compactMap(\.self) }
    copied = Set(plans.flatMap(\.worktree.copy))
    let home = environment["HOME"].flatMap(Files.realPath)
    homeTree = workTrees.first { tree in home == tree || home?.hasPrefix(tree + "/") == true }
    let repository = site.repository
    let tree = (try? repository.head().oid).flatMap { try? repository.treeOf(commit: $0) }
    isTracked = { path in
      guard let tree else { return false }
      return (try? repository.entry(at: path, inTree: tree)) ?? nil != nil
    }
  }

  /// Everything that was found, each target once.
  package func find() -> [OutsideCode] {
    var found: [OutsideCode] = []
    for code in variables() + programs() + python() + node() + go() + cargo()
    where !found.contains(where: { $0.target == code.target && $0.hint == code.hint }) {
      found.append(code)
    }
    return found
  }

  /// Lines for people who are about to hear verdicts, few enough to be read.
  package func warnings() -> [String] {
    let most = 3
    let found = find()
    let more = found.count - most
    return found.prefix(most).map { "\($0.message); \($0.hint)" }
      + (more > 0 ? ["\(more) more like this: 'git migrate doctor' names them"] : [])
  }

  // MARK: Paths

  /// Where a path leads when that is code in a work tree of the repository; packages of others that were
  /// installed there are not.
  package func target(_ path: String) -> String? {
    guard path.hasPrefix("/"), let real = Files.realPath(path) else { return nil }
    guard let tree = workTrees.first(where: { real == $0 || real.hasPrefix($0 + "/") }) else { return nil }
    if tree == homeTree, real != tree, !isTracked(String(real.dropFirst(tree.count + 1))) { return nil }
    var folder = real
    while folder != tree {
      if folder.hasSuffix("/node_modules") || Files.exists(folder + "/pyvenv.cfg")
        || Files.exists(folder + "/conda-meta")
      {
        return nil
      }
      folder = Files.parent(of: folder)
    }
    return real
  }

  /// The target of a path that stands in a file of `folder`; what stays in the candidate is where it should
  /// be.
  package func target(_ path: String, from folder: String) -> String? {
    let joined = Self.joined(path, to: folder)
    return joined == candidate || joined.hasPrefix(candidate + "/") ? nil : target(joined)
  }

  /// A path that stands in a file of `folder`, made absolute by the text alone: a slot may not be there yet.
  package static func joined(_ path: String, to folder: String) -> String {
    var parts: [Substring] = []
    for part in (path.hasPrefix("/") ? path : folder + "/" + path).split(separator: "/") {
      switch part {
      case ".": continue
      case "..": _ = parts.popLast()
      default: parts.append(part)
      }
    }
    return "/" + parts.joined(separator: "/")
  }

  /// The targets of the absolute paths in a text, each of which ends where one of the separators stands.
  package func targets(in text: String, separatedBy isSeparator: (Character) -> Bool) -> [String] {
    text.split(whereSeparator: isSeparator).compactMap { word in
      guard let slash = word.firstIndex(of: "/"), slash == word.startIndex || word.hasPrefix("-") else {
        return nil
      }
      return target(String(word[slash...]))
    }
  }

  /// A slot's folder as it will be, and all folders above it: what tools look through for their settings.
  package var foldersAboveSlots: [String] {
    var list = [slots]
    while let last = list.last, last != "/", last != "." { list.append(Files.parent(of: last)) }
    return list
  }

  /// Whether the candidates have a file.
  package func isInCandidate(_ path: String) -> Bool { copied.contains(path) || isTracked(path) }

  /// Where a file of the candidate will lie.
  package var candidate: String { slots + "/gate-1" }

  /// The content of a small file, or `nil`.
  package func text(of file: String) -> String? {
    guard let bytes = (try? Files.readFile(file, limit: 1 << 20)) ?? nil else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  func names(in folder: String) -> [String] { (try? Files.listDirectory(folder)) ?? [] }

  // MARK: Variables and programs

  /// Variables that say where code is; every other one that leads to a work tree names a cache or a tool.
  private static let searchPaths: Set<String> = [
    "PYTHONPATH", "NODE_PATH", "NODE_OPTIONS", "CLASSPATH", "GOPATH", "GOFLAGS", "CFLAGS", "CXXFLAGS",
    "LDFLAGS", "MAKEFLAGS", "LD_LIBRARY_PATH", "PKG_CONFIG_PATH", "CMAKE_PREFIX_PATH", "RUSTFLAGS",
    "CARGO_TARGET_DIR", "MAVEN_OPTS", "GRADLE_OPTS", "NIX_PATH",
  ]

  private func variables() -> [OutsideCode] {
    environment.sorted { $0.key < $1.key }.flatMap { name, value -> [OutsideCode] in
      guard Self.searchPaths.contains(name) || passed.contains(name) else { return [] }
      let whole = value.split(separator: ":").compactMap { target(String($0)) }
      let parts = targets(in: value) { ":=,;\"'".contains($0) || $0.isWhitespace }
      return (whole + parts.filter { !whole.contains($0) }).filter { name != "GOPATH" || isGoPath($0) }.map {
        let hint =
          passed.contains(name)
          ? "take \(name) out of migrate.passEnvironment, or let the verifier set it"
          : "run git-migrate without \(name), or let the verifier set it"
        return OutsideCode(place: "\(name) names it", target: $0, hint: hint)
      }
    }
  }

  private func isGoPath(_ folder: String) -> Bool { Files.exists(folder + "/src") }

  /// Programs that `PATH` finds in a work tree, and commands that name one.
  private func programs() -> [OutsideCode] {
    let own = Files.realPath("/proc/self/exe").map { Files.parent(of: $0) }
    var found: [OutsideCode] = []
    var seen: Set<String> = []
    for folder in searchedFolders {
      guard let real = Files.realPath(folder), real != own, seen.insert(real).inserted else { continue }
      let ways = "let the verifiers name its programs by their paths in the repository"
      if let target = target(real) {
        found.append(
          OutsideCode(place: "PATH names it", target: target, hint: "take it out of PATH, and \(ways)"))
        continue
      }
      for name in names(in: real) where Files.kind("\(real)/\(name)") == .symbolicLink {
        guard let target = target("\(real)/\(name)") else { continue }
        found.append(
          OutsideCode(
            place: "the link '\(folder)/\(name)' in PATH", target: target,
            hint: "remove the link, or \(ways)"))
      }
    }
    for command in commands {
      for target in targets(in: command, separatedBy: { "=:;&|()<>\"'".contains($0) || $0.isWhitespace }) {
        found.append(
          OutsideCode(
            place: "the gate's command '\(TerminalText.sanitizedLine(command).prefix(60))' names it",
            target: target, hint: "write the path as it is in the repository"))
      }
    }
    return found
  }

  /// The absolute folders of `PATH`.
  package var searchedFolders: [String] {
    (environment["PATH"] ?? "").split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
  }
}
