/// Which functions and types of the code are called in another way after the change: their parameters are
/// others, they have another name, or are gone.
///
/// What a test hands in to these is another thing now because the code asks for another: `price("adult")`
/// becomes `price(Kind.ADULT)`.
struct ReshapedCode {
  private var oldHeads: [String: Set<String>] = [:]
  private var newHeads: [String: Set<String>] = [:]
  /// What the code calls, with how many arguments.
  private var oldCalls: [String: Set<Int>] = [:]
  private var newCalls: [String: Set<Int>] = [:]
  /// Functions and types whose declaration reads otherwise, or is gone.
  private(set) var names: Set<String> = []
  /// The same without case and signs.
  private(set) var plainNames: Set<String> = []
  /// What the code called and no longer does, without declaring it in the changed files.
  private(set) var goneCalls: Set<String> = []

  init(_ code: ChangedCode) {
    for file in code.files {
      if let old = file.old {
        let reader = HeadReader(old, file.language, file.path)
        oldHeads.merge(reader.heads) { $0.union($1) }
        oldCalls.merge(reader.calls) { $0.union($1) }
      }
      if let new = file.new {
        let reader = HeadReader(new, file.language, file.path)
        newHeads.merge(reader.heads) { $0.union($1) }
        newCalls.merge(reader.calls) { $0.union($1) }
      }
    }
    names = Set(
      oldHeads.filter { name, heads in
        !heads.allSatisfy { CalledHead($0).stands(in: newHeads[name] ?? []) }
          || newHeads[name]?.count ?? 0 > heads.count
      }.map(\.key))
    goneCalls = Set(oldCalls.keys).subtracting(newCalls.keys).subtracting(oldHeads.keys).subtracting(
      newHeads.keys)
    // Called with fewer or more arguments by the code, wherever it is declared.
    for (name, counts) in oldCalls where oldHeads[name] == nil && newHeads[name] == nil {
      if let now = newCalls[name], now.isDisjoint(with: counts) { names.insert(name) }
    }
    (oldHeads, newHeads, oldCalls, newCalls) = ([:], [:], [:], [:])
    plainNames = Set(names.map(TestCase.plain))
  }

  var isEmpty: Bool { names.isEmpty && goneCalls.isEmpty }
}

/// How a function is called, by its declaration.
private struct CalledHead {
  private let head: String
  private var parameters: [[Substring]] = []
  /// What comes before the parameters, and after them.
  private var around: [Substring] = []

  init(_ head: String) {
    self.head = head
    var depth = 0
    for word in head.split(separator: " ") {
      if ")]}".contains(word) { depth -= 1 }
      if depth == 0 {
        around.append(word)
      } else if depth == 1, word == "," {
        parameters.append([])
      } else {
        if parameters.isEmpty { parameters = [[]] }
        parameters[parameters.count - 1].append(word)
      }
      if "([{".contains(word) { depth += 1 }
    }
    if parameters.last?.isEmpty == true { parameters.removeLast() }
  }

  /// Whether one of these is called as it is: it is the same, or takes more, none of which has to be given.
  func stands(in heads: Set<String>) -> Bool {
    if heads.contains(head) { return true }
    return heads.map(CalledHead.init).contains { other in
      other.around == around && other.parameters.starts(with: parameters)
        && other.parameters.dropFirst(parameters.count).allSatisfy {
          $0.contains("=") || $0.contains("?") || $0 == ["*"]
        }
    }
  }
}

/// Reads how the functions and types of one file are declared.
private struct HeadReader {
  private(set) var heads: [String: Set<String>] = [:]
  private(set) var calls: [String: Set<Int>] = [:]
  private let code: SourceCode
  private let language: any TestLanguage

  private static let makers: Set = ["__init__", "constructor", "init", "initialize", "__construct", "new"]
  private static let words: Set = ["def", "func", "fn", "function", "fun"]
  private static let types: Set = [
    "class", "struct", "enum", "record", "interface", "impl", "object", "trait",
  ]
  private static let statements: Set = [
    "if", "for", "while", "switch", "catch", "foreach", "using", "match", "guard", "return", "new", "throw",
    "await", "yield", "else", "case", "in", "and", "or", "not", "assert", "print", "elif", "when", "until",
    "unless", "do", "sizeof", "delete", "lock", "with", "except",
  ]

  init(_ code: SourceCode, _ language: any TestLanguage, _ path: TestPath) {
    self.code = code
    self.language = language
    // Rust's tests stand below the code.
    let end =
      path.ending == "rs"
      ? (code.places["cfg"] ?? []).first { code.isWord($0 + 2, "test") } ?? code.tokens.count
      : code.tokens.count
    var type = ""
    for index in 0..<end where code.isWord(index) {
      let word = code.text(index)
      if HeadReader.types.contains(word), code.isWord(index + 1) {
        type = code.text(index + 1)
        readType(type, at: index)
      }
      // `type Order struct {`
      if word == "type", code.isWord(index + 2, "struct") { readType(code.text(index + 1), at: index) }
      guard code.isMark(open(after: index), "(") else { continue }
      let open = open(after: index)
      if HeadReader.statements.contains(word) { continue }
      if isDeclared(index, open) {
        // What comes back stands in front in the languages of C.
        let head = (code.isWord(index - 1) ? code.text(index - 1) + " " : "") + head(from: open)
        heads[word, default: []].insert(head)
        if HeadReader.makers.contains(word), !type.isEmpty { heads[type, default: []].insert(head) }
      } else {
        calls[word, default: []].insert(code.arguments(of: open).count)
      }
    }
    readArrows(end)
  }

  /// The bracket of a name's parameters, behind its type parameters.
  private func open(after index: Int) -> Int { code.afterTypeArguments(index + 1) }

  private func isDeclared(_ index: Int, _ open: Int) -> Bool {
    let before = code.text(index - 1)
    if HeadReader.words.contains(before) { return true }
    // Go's receivers.
    if code.isMark(index - 1, ")"), code.partner[index - 1] > 0,
      code.isWord(code.partner[index - 1] - 1, "func")
    {
      return true
    }
    if language is PythonTests || language.dialect.hasRubyBlocks || language is GoTests {
      return false
    }
    // Swift's `init(`, `public Order(`, `int hold(int kg);`
    if ["init", "constructor"].contains(code.text(index)), !code.isMark(index - 1, ".") { return true }
    if code.isMark(index - 1, ".") { return false }
    let close = code.next(after: code.end(of: open) - 1)
    if language is JavaScriptTests, isMethod(index, close) { return true }
    let isOfType =
      code.isWord(index - 1) && !HeadReader.statements.contains(before)
      || ["*", "&", ">", "]"].contains { code.isMark(index - 1, $0) }
    if code.isMark(close, "{") || code.isMark(close, "->") || code.isMark(close, "throws") { return true }
    if code.isWord(close, "throws") || code.isWord(close, "const") || code.isWord(close, "override") {
      return isOfType
    }
    if code.isMark(close, "=>") || code.isMark(close, ";") || code.isMark(close, ":") { return isOfType }
    return false
  }

  /// `book(room: string): number {`, `async load() {` in a class or an object.
  private func isMethod(_ index: Int, _ close: Int) -> Bool {
    let words: Set = ["async", "public", "private", "protected", "static", "get", "set", "override"]
    let isStart =
      code.kind(index - 1) == .newline || code.kind(index - 1) == nil
      || ["{", "}", ";", ",", "*"].contains { code.isMark(index - 1, $0) }
      || code.isWord(index - 1) && words.contains(code.text(index - 1))
    guard isStart else { return false }
    if code.isMark(close, "{") { return true }
    guard code.isMark(close, ":") else { return false }
    let line = code.tokens[close..<min(close + 16, code.tokens.count)].prefix { $0.kind != .newline }
    return line.contains { $0.isMark("{") } && !line.contains { $0.isMark(",") || $0.isMark("?") }
  }

  /// The parameters, and what comes back.
  private func head(from open: Int) -> String {
    let end = code.end(of: open)
    var last = end
    while last < min(end + 16, code.tokens.count), code.kind(last) != .newline,
      !["{", ";", "=>", "="].contains(where: { code.isMark(last, $0) })
    {
      last += 1
    }
    return code.tokens[open..<last].filter { $0.kind != .newline }.map(\.text).joined(separator: " ")
  }

  /// `const add = (a, b) =>`, `const add = async function (a)`
  private mutating func readArrows(_ end: Int) {
    guard language is JavaScriptTests else { return }
    for index in 0..<end where code.isMark(index, "=") && code.isWord(index - 1) {
      var open = index + 1
      while code.isWord(open, "async") || code.isWord(open, "function") { open += 1 }
      guard code.isMark(open, "(") else { continue }
      let close = code.end(of: open)
      guard code.isMark(close, "=>") || code.isMark(close, "{") || code.isMark(close, ":") else { continue }
      heads[code.text(index - 1), default: []].insert(head(from: open))
    }
  }

  /// Types that are made of their fields: records, structs, data classes.
  private mutating func readType(_ name: String, at index: Int) {
    let isRecord = ["struct", "record", "enum", "interface", "type"].contains(code.text(index))
    let before = code.tokens[max(0, index - 6)..<index]
    let isData = before.contains { $0.isWord("dataclass") || $0.isWord("data") || $0.isWord("case") }
    guard isRecord || isData else { return }
    if language is PythonTests {
      let block = code.indentedBlock(after: index, deeperThan: code.tokens[index].indentation)
      heads[name, default: []].insert(fields(block))
      return
    }
    if code.isMark(index + 2, "(") { heads[name, default: []].insert(head(from: index + 2)) }
    guard let open = code.brace(from: index + 1) else { return }
    heads[name, default: []].insert(fields((open + 1)..<max(open + 1, code.end(of: open) - 1)))
  }

  /// What stands in a block, without the blocks and brackets in it.
  private func fields(_ block: Range<Int>) -> String {
    var parts: [String] = []
    var index = block.lowerBound
    while index < block.upperBound {
      if code.partner[index] > index {
        index = code.partner[index] + 1
        continue
      }
      // Functions of a type are none of its fields.
      if HeadReader.words.contains(code.text(index)), code.isWord(index) {
        if language is PythonTests { break }
        index += 2
        continue
      }
      if code.kind(index) != .newline { parts.append(code.text(index)) }
      index += 1
    }
    return parts.joined(separator: " ")
  }
}
