/// A pattern for paths of a repository: `*` and `?` within a name, `[a-z]` and `[!a-z]`, `**` over
/// directories.
///
/// It is anchored: `*.py` matches only at the top, `**/*.py` everywhere. A pattern that ends in `/` means all
/// below that directory. Matching takes at most (length of pattern × length of path) steps.
public struct PathGlob: Equatable, Sendable {
  private enum Token: Equatable, Sendable {
    case scalar(Unicode.Scalar)
    case any
    case run
    case set(ranges: [ClosedRange<Unicode.Scalar>], isNegated: Bool)
  }

  /// One name of the path, or nothing for `**`.
  private let segments: [[Token]?]

  /// The pattern as it was written.
  public let pattern: String

  /// Reads a pattern; `nil` when it is empty, has an unclosed `[`, an empty name, or steps out with `..`.
  public init?(_ pattern: String) {
    self.pattern = pattern
    var names = pattern.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false)
    if names.first?.elementsEqual(["."]) == true || names.first?.isEmpty == true { names.removeFirst() }
    var segments: [[Token]?] = []
    for (index, name) in names.enumerated() {
      if name.isEmpty {
        // Only a trailing slash may leave an empty name.
        guard index > 0, index == names.count - 1 else { return nil }
        segments.append(nil)
      } else if name.elementsEqual(["*", "*"]) {
        // Two in a row say nothing more than one, unless they end the pattern: `a/**/**` needs a name too.
        if segments.isEmpty || segments.last != .some(nil) { segments.append(nil) }
      } else {
        guard !name.elementsEqual([".", "."]), let tokens = Self.tokens(Array(name)) else { return nil }
        segments.append(tokens)
      }
    }
    if segments.isEmpty { return nil }
    self.segments = segments
  }

  /// Whether the pattern covers `path`, which is relative to the repository and uses `/`.
  public func matches(_ path: String) -> Bool {
    let names = path.unicodeScalars.split(separator: "/").map(Array.init)
    var (segment, name) = (0, 0)
    var retry: (segment: Int, name: Int)?
    while true {
      if segment < segments.count, segments[segment] == nil {
        // `**` takes nothing at first, and one name more each time the rest does not fit. At the end of a
        // pattern it takes at least one: `src/**` is what is below `src`.
        if segment == segments.count - 1 { return name < names.count }
        retry = (segment + 1, name)
        segment += 1
      } else if segment < segments.count, name < names.count, let tokens = segments[segment],
        Self.matches(tokens, names[name])
      {
        segment += 1
        name += 1
      } else if segment == segments.count && name == names.count {
        return true
      } else if let last = retry, last.name < names.count {
        retry = (last.segment, last.name + 1)
        (segment, name) = (last.segment, last.name + 1)
      } else {
        return false
      }
    }
  }

  private static func matches(_ tokens: [Token], _ name: [Unicode.Scalar]) -> Bool {
    var (token, index) = (0, 0)
    var retry: (token: Int, index: Int)?
    while true {
      if token < tokens.count, tokens[token] == .run {
        retry = (token + 1, index)
        token += 1
      } else if token < tokens.count, index < name.count, matches(tokens[token], name[index]) {
        token += 1
        index += 1
      } else if token == tokens.count && index == name.count {
        return true
      } else if let last = retry, last.index < name.count {
        retry = (last.token, last.index + 1)
        (token, index) = (last.token, last.index + 1)
      } else {
        return false
      }
    }
  }

  private static func matches(_ token: Token, _ scalar: Unicode.Scalar) -> Bool {
    switch token {
    case .scalar(let wanted): wanted == scalar
    case .any: true
    case .run: false
    case .set(let ranges, let isNegated): ranges.contains { $0.contains(scalar) } != isNegated
    }
  }

  private static func tokens(_ name: [Unicode.Scalar]) -> [Token]? {
    var tokens: [Token] = []
    var index = 0
    while index < name.count {
      switch name[index] {
      case "*":
        if tokens.last != .run { tokens.append(.run) }
      case "?": tokens.append(.any)
      case "\\" where index + 1 < name.count:
        index += 1
        tokens.append(.scalar(name[index]))
      case "[":
        guard let (set, end) = set(name, from: index + 1) else { return nil }
        tokens.append(set)
        index = end
      default: tokens.append(.scalar(name[index]))
      }
      index += 1
    }
    return tokens
  }

  /// Reads what follows `[`; gives the index of its `]`. A `]` right after the start stands for itself.
  private static func set(_ name: [Unicode.Scalar], from start: Int) -> (Token, Int)? {
    var index = start
    let isNegated = index < name.count && (name[index] == "!" || name[index] == "^")
    if isNegated { index += 1 }
    let first = index
    var ranges: [ClosedRange<Unicode.Scalar>] = []
    while index < name.count {
      if name[index] == "]" && index > first {
        return (.set(ranges: ranges, isNegated: isNegated), index)
      }
      let low = name[index]
      if index + 2 < name.count, name[index + 1] == "-", name[index + 2] != "]" {
        guard low <= name[index + 2] else { return nil }
        ranges.append(low...name[index + 2])
        index += 3
      } else {
        ranges.append(low...low)
        index += 1
      }
    }
    return nil
  }
}
