/// Reads what `TextPattern` knows of regular expressions.
struct PatternParser {
  typealias Fault = TextPattern.Fault
  typealias Node = TextPattern.Node

  private var rest: Substring.UnicodeScalarView
  private var depth = 0
  private(set) var groups = 0

  /// How deep groups may lie in each other, how many may be named, and how often something may be repeated.
  private static let (deepest, mostGroups, mostTimes) = (20, 9, 100)

  static let digit = TextPattern.Set(ranges: [0x30...0x39])
  static let word = TextPattern.Set(
    ranges: [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A, 0xAA...0x10FFFF])
  static let space = TextPattern.Set(ranges: [0x09...0x0D, 0x20...0x20, 0xA0...0xA0])

  init(_ text: Substring) { rest = text.unicodeScalars }

  mutating func whole() throws(Fault) -> Node {
    let node = try alternatives()
    guard rest.isEmpty else { throw Fault(reason: "has a ')' too many") }
    return node
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard rest.first == scalar else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func alternatives() throws(Fault) -> Node {
    var node = try sequence()
    while take("|") { node = .either(node, try sequence()) }
    return node
  }

  private mutating func sequence() throws(Fault) -> Node {
    var nodes: [Node] = []
    while let next = rest.first, next != "|", next != ")" {
      nodes.append(try repeated(try piece()))
    }
    return nodes.isEmpty ? .empty : .sequence(nodes)
  }

  private mutating func repeated(_ node: Node) throws(Fault) -> Node {
    let (least, most): (Int, Int?)
    if take("*") {
      (least, most) = (0, nil)
    } else if take("+") {
      (least, most) = (1, nil)
    } else if take("?") {
      (least, most) = (0, 1)
    } else if let times = try times() {
      (least, most) = times
    } else {
      return node
    }
    if case .assertion = node { throw Fault(reason: "repeats what takes no character") }
    let isLazy = take("?")
    guard ["*", "+", "?"].contains(rest.first) else {
      return .repeated(node, least: least, most: most, isLazy: isLazy)
    }
    throw Fault(reason: "repeats a repetition")
  }

  /// `{m}`, `{m,}` or `{m,n}`; a brace that is none of them stands for itself.
  private mutating func times() throws(Fault) -> (Int, Int?)? {
    guard rest.first == "{", let end = rest.firstIndex(of: "}") else { return nil }
    let inner = String(rest[rest.index(after: rest.startIndex)..<end])
    let parts = inner.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let least = Int(first), least >= 0 else { return nil }
    let most: Int? = parts.count == 1 ? least : parts[1].isEmpty ? nil : Int(parts[1])
    if parts.count == 2, !parts[1].isEmpty, most == nil { return nil }
    guard least <= Self.mostTimes, most ?? least <= Self.mostTimes, most ?? least >= least else {
      throw Fault(reason: "repeats more than \(Self.mostTimes) times, or less than nothing")
    }
    rest = rest[rest.index(after: end)...]
    return (least, most)
  }

  private mutating func piece() throws(Fault) -> Node {
    let scalar = rest.removeFirst()
    switch scalar {
    case "(": return try group()
    case "[": return .one(try set())
    case ".": return .one(TextPattern.Set(ranges: [0x0A...0x0A], isNegated: true))
    case "^": return .assertion(.lineStart)
    case "$": return .assertion(.lineEnd)
    case "*", "+", "?": throw Fault(reason: "has nothing before '\(scalar)'")
    case "\\":
      guard let next = rest.popFirst() else { throw Fault(reason: "ends in a '\\'") }
      if next == "b" { return .assertion(.boundary) }
      if next == "B" { return .assertion(.noBoundary) }
      return .one(try Self.escape(next))
    default: return .one(TextPattern.Set(ranges: [scalar.value...scalar.value]))
    }
  }

  private mutating func group() throws(Fault) -> Node {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else { throw Fault(reason: "has groups too deep in each other") }
    var number: Int?
    if take("?") {
      guard take(":") else { throw Fault(reason: "has a kind of group that is not known, '(?'") }
    } else {
      groups += 1
      number = groups
      guard groups <= Self.mostGroups else {
        throw Fault(reason: "has more than \(Self.mostGroups) groups: write '(?:…)'")
      }
    }
    let inner = try alternatives()
    guard take(")") else { throw Fault(reason: "has a '(' without its ')'") }
    return .group(number, inner)
  }

  private static func escape(_ scalar: Unicode.Scalar) throws(Fault) -> TextPattern.Set {
    func not(_ set: TextPattern.Set) -> TextPattern.Set {
      TextPattern.Set(ranges: set.ranges, isNegated: true)
    }
    switch scalar {
    case "d": return digit
    case "D": return not(digit)
    case "w": return word
    case "W": return not(word)
    case "s": return space
    case "S": return not(space)
    case "n": return TextPattern.Set(ranges: [0x0A...0x0A])
    case "t": return TextPattern.Set(ranges: [0x09...0x09])
    default:
      guard !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) else {
        throw Fault(reason: "has '\\\(scalar)', which is not known")
      }
      return TextPattern.Set(ranges: [scalar.value...scalar.value])
    }
  }

  /// What follows `[`.
  private mutating func set() throws(Fault) -> TextPattern.Set {
    var set = TextPattern.Set(ranges: [], isNegated: take("^"))
    var isFirst = true
    while let scalar = rest.popFirst() {
      if scalar == "]", !isFirst { return set }
      isFirst = false
      var low = scalar.value
      if scalar == "\\" {
        guard let next = rest.popFirst() else { break }
        let found = try Self.escape(next)
        if found.isNegated { throw Fault(reason: "has '\\\(next)' between brackets") }
        guard found.ranges.count == 1, let only = found.ranges.first, only.count == 1 else {
          set.ranges += found.ranges
          continue
        }
        low = only.lowerBound
      }
      guard rest.first == "-", let high = rest.dropFirst().first, high != "]" else {
        set.ranges.append(low...low)
        continue
      }
      rest = rest.dropFirst(2)
      guard high != "\\", low <= high.value else { throw Fault(reason: "has a range that is none") }
      set.ranges.append(low...high.value)
    }
    throw Fault(reason: "has a '[' without its ']'")
  }
}

extension Substring.UnicodeScalarView {
  /// Takes the first scalar away, if there is one.
  fileprivate mutating func popFirst() -> Unicode.Scalar? { isEmpty ? nil : removeFirst() }
}
