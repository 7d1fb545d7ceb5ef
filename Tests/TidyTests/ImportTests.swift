import Testing

/// Imports point down the list of modules only (DESIGN §7), and what is foreign enters by one door.
@Suite struct ImportTests {
  /// What each module may import of ours and of others.
  private static let allowed: [String: Set<String>] = [
    "Clinux": [], "Clibgit2": [], "Clibyaml": [], "Czlib": [],
    "System": ["Clinux"],
    "Supervision": ["System", "Clinux"],
    "Git": ["Supervision", "System", "Clibgit2", "Czlib"],
    "CanonicalJSON": [],
    "Migration": ["CanonicalJSON"],
    "Agents": ["CanonicalJSON", "Migration"],
    "Plans": ["Agents", "CanonicalJSON", "Migration", "Clibyaml"],
    "Ledger": ["CanonicalJSON", "Migration", "Git", "Supervision", "System"],
    "Gate": ["CanonicalJSON", "Migration", "Git", "Supervision", "System"],
    "Guarding": ["CanonicalJSON", "Ledger", "Migration", "Git", "Supervision", "System"],
    "Site": [
      "CanonicalJSON", "Gate", "Guarding", "Ledger", "Plans", "Migration", "Git", "Supervision", "System",
    ],
    "Runner": [
      "Agents", "Site", "CanonicalJSON", "Gate", "Ledger", "Plans", "Migration", "Git", "Supervision",
      "System",
    ],
    "git-migrate": [
      "Agents", "Runner", "Site", "CanonicalJSON", "Gate", "Ledger", "Plans", "Migration", "Git",
      "Supervision", "System",
      "ArgumentParser",
    ],
  ]

  /// Modules of the toolchain that need no other; the core is without the C library, so that it has no clock.
  private static func isOfToolchain(_ name: String, in module: String) -> Bool {
    switch name {
    case "FoundationEssentials": true
    case "Glibc", "Synchronization": !["CanonicalJSON", "Migration", "Agents", "Plans"].contains(module)
    default: false
    }
  }

  private struct Import {
    var path: String
    var line: Int
    var name: String

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
      guard let name = tokens[(word + 1)...].first(where: { !kinds.contains($0) }) else { return nil }
      return Import(path: path, line: index + 1, name: String(name))
    }
  }

  @Test func `every module is in the list`() {
    let modules = Set(Tree.files.filter { $0.hasPrefix("Sources/") }.map { $0.split(separator: "/")[1] })
    #expect(modules.map(String.init).sorted() == ImportTests.allowed.keys.sorted())
  }

  @Test func `imports point down`() {
    let findings = ImportTests.imports.filter { found in
      found.name != "Foundation" && ImportTests.allowed[found.module]?.contains(found.name) != true
        && !ImportTests.isOfToolchain(found.name, in: found.module)
    }.map {
      Finding(path: $0.path, line: $0.line, message: "'\($0.module)' may not import '\($0.name)'")
    }
    #expect(findings.isEmpty, "\(Finding.list(findings))")
  }

  @Test func `nothing imports the whole of Foundation`() {
    let findings = ImportTests.imports.filter { ["Foundation", "FoundationNetworking"].contains($0.name) }
      .map { Finding(path: $0.path, line: $0.line, message: "imports '\($0.name)'") }
    #expect(findings.isEmpty, "\(Finding.list(findings))")
  }

  @Test func `YAML is read in one file`() {
    let files = Set(ImportTests.imports.filter { $0.name == "Clibyaml" }.map(\.path))
    #expect(files.count == 1, "\(files.sorted())")
  }
}
