import Migration

/// A file that another tool's user brings: its bytes as text, and its parts.
public struct ForeignFile: Sendable {
  /// Its path, as the caller named it.
  public let path: String
  /// Its whole text.
  let text: String
  /// What its front matter says; `nil` when it has none that can be read.
  let header: Node?
  /// What stands after the front matter, or everything.
  let body: String

  /// Reads a file; `nil` when it is no text.
  public init?(path: String, bytes: [UInt8]) {
    guard bytes.count <= FrontMatter.maximumBytes, !bytes.contains(0),
      let text = String(validating: bytes, as: UTF8.self)
    else { return nil }
    self.path = path
    self.text = text
    guard let parts = try? FrontMatter(bytes) else {
      (header, body) = (nil, text)
      return
    }
    header = try? YAMLReader.read(parts.yaml, firstLine: parts.yamlLine, Faults())
    body = parts.body
  }

  /// Its name without folders and its extension.
  var stem: String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }

  /// The tools whose files are known.
  public enum Kind: Equatable, Sendable {
    /// A workflow of an orchestrator that takes its work from a board.
    case workflow
    /// A job of a queue of folders.
    case job
    /// The steps of a migration that was kept in Markdown.
    case steps
    /// How far the steps are.
    case progress

    /// What it is, for people.
    public var words: String {
      switch self {
      case .workflow: "a workflow of a board's orchestrator"
      case .job: "a job of an agent queue"
      case .steps: "the list of steps of a migration folder"
      case .progress: "the progress of a migration folder"
      }
    }
  }

  /// Which tool's file it is; `nil` when that cannot be told, or it is a plan of ours.
  public var kind: Kind? {
    let keys = Set(header?.keys ?? [])
    if keys.contains("steps") { return nil }
    if keys.contains("tracker") || keys.contains("polling") { return .workflow }
    if ["engine", "yolo", "engine-class", "prefers-engine"].contains(where: keys.contains) { return .job }
    if keys.contains("lock"), keys.contains("cwd") || keys.contains("verify") { return .job }
    guard header == nil else { return nil }
    let lines = body.split(whereSeparator: \.isNewline)
    if lines.contains(where: { StepHeading($0) != nil }) { return .steps }
    let table = lines.first { $0.contains("|") && $0.lowercased().contains("status") }
    return table?.lowercased().contains("step") == true ? .progress : nil
  }
}

extension Node {
  /// The keys of a map.
  var keys: [String] {
    guard case .map(let entries) = content else { return [] }
    return entries.map(\.key.value)
  }

  /// A value of a map.
  subscript(_ key: String) -> Node? {
    guard case .map(let entries) = content else { return nil }
    return entries.first { $0.key.value == key }?.value
  }

  /// A text that is one.
  var string: String? {
    guard case .text(let text, _) = content, !text.isEmpty else { return nil }
    return text
  }

  /// A text, or the texts of a list.
  var strings: [String] {
    switch content {
    case .text: string.map { [$0] } ?? []
    case .list(let items): items.compactMap(\.string)
    case .map: []
    }
  }
}

/// `### S4 — Title **[C]**`.
struct StepHeading: Equatable {
  var id: String
  var title: String
  /// The class of steps that exclude each other.
  var lock: String?

  init?(_ line: some StringProtocol) {
    let marks = line.prefix { $0 == "#" }.count
    guard (2...4).contains(marks) else { return nil }
    let rest = line.dropFirst(marks).drop { $0 == " " }
    let word = rest.prefix { $0.isLetter || $0.isNumber }
    guard let first = word.first, first == "S" || first == "s", word.count > 1,
      word.dropFirst().allSatisfy(\.isNumber)
    else { return nil }
    id = "S" + word.dropFirst()
    var title = String(rest.dropFirst(word.count).drop { " —–-:.".contains($0) })
    title = title.replacing("**", with: "")
    if let open = title.firstIndex(of: "["), let close = title[open...].firstIndex(of: "]") {
      lock = String(title[title.index(after: open)..<close])
      title.removeSubrange(open...close)
    }
    self.title = title.trimmed
  }
}

extension StringProtocol {
  /// Without blanks around it.
  var trimmed: String {
    var part = self[...]
    while part.first?.isWhitespace == true { part = part.dropFirst() }
    while part.last?.isWhitespace == true { part = part.dropLast() }
    return String(part)
  }
}
