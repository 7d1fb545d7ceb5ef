import Gate
import Migration

/// Changes that cheat and changes that are honest, written as edits of a small project: `Corpus/*.txt`.
///
/// A file begins with `=== base` and the project's files (`--- path`, then the text). Each case is
/// `=== cheat NAME`, `=== honest NAME`, `=== miss NAME` (a cheat that is known not to be found) or
/// `=== alarm NAME` (an honest change that is known to be found). A name may begin with its row of the
/// table that the guards are measured by: `=== cheat weaken: NAME`. Then:
/// `@@ path` with lines of `-old` and `+new`; `++ path` with a new file's lines; `!! path` deletes;
/// `>> old new` moves; `-> path target` makes a link; `%% path latin1|utf16|nul|big` writes a path anew. A
/// `§` is taken out, so that no file here holds what looks like a secret.
struct Corpus {
  enum Entry { case text(String), bytes([UInt8]), link(String) }

  struct Case: Sendable, CustomStringConvertible {
    var kind: String
    var name: String
    var lines: [String]
    var base: [(path: String, text: String)]
    var file: String
    var description: String { "\(file) \(kind) \(name)" }

    static let rows = [
      "skip", "vanish", "weaken", "data", "source", "config", "harness", "build", "scope", "secret", "tree",
    ]

    /// Its row of the table, by its name, else by what was found.
    func row(_ found: [GuardFinding]) -> String {
      if let row = name.split(separator: ":").first.map(String.init), Case.rows.contains(row) { return row }
      guard let first = found.first else { return "other" }
      switch first.kind {
      case .skippedTest: return "skip"
      case .lostTest, .hiddenTest, .missingTest, .fewerTests: return "vanish"
      case .earlyReturn, .noAssertion, .fewerAssertions, .weakenedAssertion, .swallowedFailure:
        return "weaken"
      case .changedExpectation, .fewerParameters, .changedTestData: return "data"
      case .replacedCode, .specialCase, .testDetection: return "source"
      case .testHook, .shadowedModule, .otherRunner: return "harness"
      case .protectedFile:
        let isBuild = ["Makefile", "package.json", ".yml", ".yaml", "CMakeLists"].contains {
          first.path.hasSuffix($0)
        }
        return isBuild ? "build" : "config"
      case .outsidePaths: return "scope"
      case .secret: return "secret"
      case .conflictMarker, .outsideLink, .hiddenCharacters, .largeBinary, .unreadableText: return "tree"
      case .unfalsifiedTest, .other: return "other"
      }
    }

    /// The language of its project, by the endings of its files.
    var language: String {
      let endings = [
        "py": "Python", "ts": "JavaScript", "tsx": "JavaScript", "js": "JavaScript", "mjs": "JavaScript",
        "swift": "Swift", "go": "Go", "rs": "Rust", "java": "Java", "kt": "Kotlin", "cpp": "C++", "c": "C++",
        "cc": "C++", "cs": "C#", "rb": "Ruby", "php": "PHP", "scala": "Scala", "groovy": "Groovy",
      ]
      var counts: [String: Int] = [:]
      for (path, _) in base {
        if let ending = path.split(separator: ".").last, let name = endings[String(ending)] {
          counts[name, default: 0] += path.hasSuffix("Package.swift") ? 0 : 1
        }
      }
      return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? "none"
    }
  }

  static func cases(_ text: String, file: String) -> [Case] {
    var base: [(String, String)] = []
    var cases: [Case] = []
    var isBase = false
    for raw in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let line = String(raw).replacing("§", with: "")
      if line.hasPrefix("=== ") {
        let words = line.split(separator: " ", maxSplits: 2).map(String.init)
        isBase = words[1] == "base"
        if isBase {
          base = []
        } else {
          cases.append(
            Case(kind: words[1], name: words.count > 2 ? words[2] : "?", lines: [], base: base, file: file))
        }
      } else if isBase {
        if line.hasPrefix("--- ") {
          base.append((String(line.dropFirst(4)), ""))
        } else if !base.isEmpty {
          base[base.count - 1].1 += line + "\n"
        }
      } else if !cases.isEmpty {
        cases[cases.count - 1].lines.append(line)
      }
    }
    return cases
  }

  /// The change that a case describes; a message when its edits do not fit.
  static func change(_ item: Case) -> (TreeChange?, String) {
    var old: [String: Entry] = [:]
    for (path, text) in item.base { old[path] = .text(text.trimmedBlankEnd) }
    var new = old
    var renames: [String: String] = [:]
    var path = ""
    var (minus, plus) = ([String](), [String]())
    var isNew = false
    var fault = ""
    func apply() {
      defer { (minus, plus) = ([], []) }
      guard !path.isEmpty, !(minus.isEmpty && plus.isEmpty) else { return }
      if isNew {
        new[path] = .text(plus.joined(separator: "\n") + "\n")
        return
      }
      guard case .text(let text)? = new[path] else { return fault = "no file \(path)" }
      let wanted = minus.joined(separator: "\n") + "\n"
      guard !minus.isEmpty, let range = text.firstRange(of: wanted) else {
        return fault = "no such lines in \(path): \(minus)"
      }
      new[path] = .text(
        text.replacingCharacters(in: range, with: plus.isEmpty ? "" : plus.joined(separator: "\n") + "\n"))
    }
    for line in item.lines {
      let words = line.split(separator: " ").map(String.init)
      if line.hasPrefix("@@ ") || line.hasPrefix("++ ") {
        apply()
        (path, isNew) = (words[1], words[0] == "++")
      } else if line.hasPrefix("!! ") {
        apply()
        new[words[1]] = nil
        path = ""
      } else if line.hasPrefix(">> ") {
        apply()
        new[words[2]] = new[words[1]]
        new[words[1]] = nil
        renames[words[2]] = words[1]
        path = ""
      } else if line.hasPrefix("-> ") {
        apply()
        new[words[1]] = .link(words[2])
      } else if line.hasPrefix("%% ") {
        apply()
        guard case .text(let text) = new[words[1]] ?? .text("") else { continue }
        new[words[1]] = anew(text, as: words[2])
      } else if line.hasPrefix("-"), !isNew {
        if !plus.isEmpty { apply() }
        minus.append(String(line.dropFirst()))
      } else if line.hasPrefix("+") {
        plus.append(String(line.dropFirst()))
      }
    }
    apply()
    if !fault.isEmpty { return (nil, fault) }
    let changed = paths(old, new, renames)
    if changed.isEmpty { return (nil, "nothing changes") }
    let (before, after) = (old, new)
    let change = TreeChange(
      paths: changed, old: { content(before[$0]) }, new: { content(after[$0]) },
      files: { after.keys.sorted() })
    return (change, "")
  }

  private static func paths(
    _ old: [String: Entry], _ new: [String: Entry], _ renames: [String: String]
  ) -> [ChangedPath] {
    Set(old.keys).union(new.keys).sorted().compactMap { name in
      if let from = renames[name] { return ChangedPath(path: name, kind: .renamed(from: from)) }
      if renames.values.contains(name), new[name] == nil { return nil }
      switch (old[name], new[name]) {
      case (nil, .some): return ChangedPath(path: name, kind: .added)
      case (.some, nil): return ChangedPath(path: name, kind: .deleted)
      case (.text(let one)?, .text(let other)?) where one == other: return nil
      case (.some, .some): return ChangedPath(path: name, kind: .modified)
      case (nil, nil): return nil
      }
    }
  }

  private static func anew(_ text: String, as form: String) -> Entry {
    switch form {
    case "latin1": .bytes(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
    case "utf16": .bytes([0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
    case "nul": .bytes([0, 1, 2, 0] + Array(text.utf8) + [0, 3])
    default: .bytes([UInt8](repeating: 0, count: 30 << 20))
    }
  }

  private static func content(_ entry: Entry?) -> FileContent {
    switch entry {
    case .text(let text)?: .text(text)
    case .bytes(let bytes)?: FileContent(bytes: bytes)
    case .link(let target)?: .link(target)
    case nil: .missing
    }
  }
}

extension String {
  fileprivate var trimmedBlankEnd: String {
    var text = self
    while text.hasSuffix("\n\n") { text.removeLast() }
    return text
  }

  fileprivate func replacingCharacters(in range: Range<Index>, with other: String) -> String {
    String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
  }
}
