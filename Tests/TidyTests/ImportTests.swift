import Testing

/// What is foreign enters by one door. That rooms import no others than Package.swift says, SwiftPM itself
/// checks (`.ci/run`).
@Suite struct ImportTests {
  /// The rooms whose affair the operating system is. Elsewhere nobody can open, wait or look at a clock past
  /// their rules (close-on-exec, EINTR, links, pipes that hang, times that tests set); what passes through
  /// them is a value that a test can make up. swift-system would bring types for paths and permissions, and
  /// none of the calls that matter here (waitid, openat2, prctl, statvfs).
  private static let doors: Set<String> = ["System", "Supervision", "Git"]
  /// What others may use of the C library, by name: it only calculates, or ends the program.
  private static let harmless: Set<String> = ["exit", "log2", "memchr", "memcmp"]
  /// Rooms that know nothing but values: not even locks.
  private static let pure: Set<String> = ["CanonicalJSON", "Migration", "Agents", "Plans"]

  private struct Import {
    var path: String
    var line: Int
    var name: String
    /// The one thing that is imported of it, or `nil` for all.
    var member: String?

    /// The module: the folder in `Sources`.
    var module: String { String(path.split(separator: "/")[1]) }
  }

  /// Every import in `Sources`.
  private static let imports: [Import] = Tree.swiftFiles(under: "Sources").flatMap { path in
    (Tree.code[path]?.lines ?? []).enumerated().compactMap { index, line in
      let tokens = SwiftCode.tokens(of: line)
      guard let word = tokens.firstIndex(of: "import"), !tokens[..<word].contains("{") else { return nil }
      let kinds: Set<Substring> = [
        "struct", "class", "enum", "protocol", "func", "var", "let", "typealias", "actor",
      ]
      let rest = tokens[(word + 1)...].drop { kinds.contains($0) }
      guard let name = rest.first else { return nil }
      let member = rest.dropFirst().first == "." ? rest.dropFirst(2).first.map { String($0) } : nil
      return Import(path: path, line: index + 1, name: String(name), member: member)
    }
  }

  @Test func `the C library is imported by the doors to the system only`() {
    let findings = ImportTests.imports.filter { found in
      switch found.name {
      case "Glibc":
        !ImportTests.doors.contains(found.module)
          && !(found.member.map(ImportTests.harmless.contains) ?? false)
      case "Synchronization", "Dispatch": ImportTests.pure.contains(found.module)
      default: false
      }
    }.map {
      Finding(path: $0.path, line: $0.line, message: "'\($0.module)' may not import '\($0.name)'")
    }
    #expect(findings.isEmpty, "\(Finding.list(findings))")
  }

  @Test func `nothing imports Foundation`() {
    let findings = ImportTests.imports.filter { $0.name.hasPrefix("Foundation") }
      .map { Finding(path: $0.path, line: $0.line, message: "imports '\($0.name)'") }
    #expect(findings.isEmpty, "\(Finding.list(findings))")
  }

  @Test func `YAML is read in one file`() {
    let files = Set(ImportTests.imports.filter { $0.name == "Clibyaml" }.map(\.path))
    #expect(files.count == 1, "\(files.sorted())")
  }
}
