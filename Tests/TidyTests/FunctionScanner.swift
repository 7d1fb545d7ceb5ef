/// A function in a file, from the line of its `func` to its closing brace.
struct ScannedFunction: Equatable {
  var name: String
  /// The first line, from 1.
  var line: Int
  var length: Int
}

/// Finds the functions of a file: `func`, `init`, `deinit`, `subscript` and computed properties with a body.
struct FunctionScanner {
  private struct Token {
    var text: Substring
    var line: Int
  }

  private let tokens: [Token]

  init(_ code: SwiftCode) {
    tokens = code.lines.enumerated().flatMap { index, line in
      SwiftCode.tokens(of: line).map { Token(text: $0, line: index + 1) }
    }
  }

  var functions: [ScannedFunction] {
    tokens.indices.compactMap { index in
      guard let name = name(at: index), let open = body(after: index), let close = end(of: open) else {
        return nil
      }
      return ScannedFunction(
        name: name, line: tokens[index].line, length: tokens[close].line - tokens[index].line + 1)
    }
  }

  private func text(_ index: Int) -> Substring { tokens.indices.contains(index) ? tokens[index].text : "" }

  /// What is declared here, or `nil`.
  private func name(at index: Int) -> String? {
    switch text(index) {
    case "func": String(text(index + 1))
    case "subscript" where text(index - 1) != ".": "subscript"
    case "deinit": "deinit"
    case "init" where text(index - 1) != "." && ["(", "?", "!", "<"].contains(text(index + 1)): "init"
    // `var name: Type {`; with an initial value it is no function.
    case "var" where text(index + 2) == ":": String(text(index + 1))
    default: nil
    }
  }

  /// The brace that opens the body; a requirement of a protocol has none.
  private func body(after index: Int) -> Int? {
    let isProperty = text(index) == "var"
    var depth = 0
    for next in tokens.indices[(index + 1)...] {
      let token = tokens[next]
      let isNewLine = token.line > tokens[next - 1].line
      if depth == 0, isNewLine, next > index + 1, !goesOn(from: text(next - 1), to: token.text) { return nil }
      switch token.text {
      case "(", "[": depth += 1
      case ")", "]": depth -= 1
      case "{" where depth == 0: return next
      case "}" where depth == 0: return nil
      // `->` and the `==` of a `where` are no initial value.
      case "=" where depth == 0 && isProperty: return nil
      default: break
      }
    }
    return nil
  }

  /// Whether a declaration's head goes on over the end of a line.
  private func goesOn(from last: Substring, to first: Substring) -> Bool {
    ["{", "-", ")", "throws", "async", "where", "rethrows"].contains(first)
      || [",", ":", ">", "where", "&", "func"].contains(last)
  }

  private func end(of open: Int) -> Int? {
    var depth = 0
    for index in tokens.indices[open...] {
      if tokens[index].text == "{" { depth += 1 }
      if tokens[index].text == "}" { depth -= 1 }
      if depth == 0 { return index }
    }
    return nil
  }
}
