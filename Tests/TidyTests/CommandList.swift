import Testing

/// The commands, as their sources declare them.
struct DeclaredCommand: CustomTestStringConvertible {
  /// The word after `git migrate`.
  var name: String
  /// Its file.
  var path: String
  /// Every option with two dashes, without them.
  var longOptions: Set<String>

  var testDescription: String { name }

  /// The name of its man page.
  var page: String { "git-migrate-\(name)" }

  /// All that `GitMigrate.swift` registers, with what their files declare.
  static let all: [DeclaredCommand] = {
    let types = rootTokens.filter { $0.hasSuffix("Command") }
    return types.compactMap { type in
      for path in Tree.swiftFiles(under: "Sources/git-migrate/Commands") {
        let text = Tree.text(path) ?? ""
        guard let start = text.firstRange(of: "struct \(type):") else { continue }
        guard let name = quoted(after: "commandName:", in: text[start.upperBound...]) else { continue }
        return DeclaredCommand(name: name, path: path, longOptions: OptionScanner.longOptions(in: text))
      }
      return nil
    }
  }()

  /// How many commands `GitMigrate.swift` registers; as many must have been found.
  static let registered = rootTokens.count { $0 == "self" }

  private static let rootTokens: [Substring] =
    (Tree.code["Sources/git-migrate/GitMigrate.swift"]?.lines ?? []).flatMap { SwiftCode.tokens(of: $0) }

  /// The text between the quotes that come next.
  static func quoted(after label: String, in text: some StringProtocol) -> String? {
    let text = String(text)
    guard let start = text.firstRange(of: label) else { return nil }
    let parts = text[start.upperBound...].split(
      separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
    return parts.count > 1 ? String(parts[1]) : nil
  }
}

/// Reads the options of the argument parser from source: `@Flag`, `@Option` and groups of them.
enum OptionScanner {
  /// Every long option that a file's commands take, those of its groups too.
  static func longOptions(in text: String) -> Set<String> {
    var options: Set<String> = []
    for declaration in declarations(in: text) {
      if declaration.isGroup {
        if let group = groups[declaration.type] { options.formUnion(longOptions(in: group)) }
      } else {
        options.formUnion(names(declaration))
      }
    }
    return options
  }

  private struct Declaration {
    var isGroup: Bool
    /// What stands between the attribute and `var`.
    var attribute: Substring
    var variable: String
    var type: String
  }

  private static func declarations(in text: String) -> [Declaration] {
    ["@OptionGroup", "@Flag", "@Option("].flatMap { attribute in
      text.ranges(of: attribute).compactMap { range -> Declaration? in
        let rest = text[range.upperBound...]
        guard let word = rest.firstRange(of: "var ") else { return nil }
        let line = rest[word.upperBound...].prefix { $0 != "\n" }
        let tokens = SwiftCode.tokens(of: String(line))
        guard let variable = tokens.first else { return nil }
        return Declaration(
          isGroup: attribute == "@OptionGroup", attribute: rest[..<word.lowerBound],
          variable: String(variable), type: tokens.count > 2 ? String(tokens[2]) : "")
      }
    }
  }

  /// The long names: those given, or that of the variable.
  private static func names(_ declaration: Declaration) -> Set<String> {
    let attribute = String(declaration.attribute)
    var names: Set<String> = []
    for range in attribute.ranges(of: ".customLong(") {
      if let name = DeclaredCommand.quoted(after: "(", in: "(" + attribute[range.upperBound...]) {
        names.insert(name)
      }
    }
    let isNamed = attribute.contains(".long") || !attribute.contains("name:")
    if isNamed && names.isEmpty { names.insert(kebab(declaration.variable)) }
    return names
  }

  /// `allBlocked` as `all-blocked`.
  private static func kebab(_ name: String) -> String {
    name.map { $0.isUppercase ? "-" + $0.lowercased() : String($0) }.joined()
  }

  /// The text of every group of options by its type, wherever it stands.
  private static let groups: [String: String] = {
    var groups: [String: String] = [:]
    for path in Tree.swiftFiles(under: "Sources/git-migrate") {
      let text = Tree.text(path) ?? ""
      for range in text.ranges(of: ": ParsableArguments {") {
        let name = text[..<range.lowerBound].split(whereSeparator: { $0 == " " || $0 == "\n" }).last ?? ""
        let body = text[range.upperBound...]
        let end = body.firstRange(of: "\n}")?.lowerBound ?? body.endIndex
        groups[String(name)] = String(body[..<end])
      }
    }
    return groups
  }()
}
