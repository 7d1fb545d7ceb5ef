import Migration

/// A glob taken apart, to tell whether two of them may match the same path.
struct PathPattern {
  /// The glob as it stands in the plan.
  let text: String
  /// The directories and names before the first wildcard, without escapes.
  let literalStart: String
  private let segments: [Segment]

  private enum Segment: Equatable {
    case literal(String)
    case wild(String)
    case anything
  }

  init(_ text: String) {
    self.text = text
    var segments: [Segment] = []
    for part in text.utf8.split(separator: UInt8(ascii: "/")) {
      let part = String(Substring(part))
      if part == "**" {
        segments.append(.anything)
      } else if let literal = Self.literal(part) {
        segments.append(.literal(literal))
      } else {
        segments.append(.wild(part))
      }
    }
    var start: [String] = []
    for segment in segments {
      guard case .literal(let name) = segment else { break }
      start.append(name)
    }
    // A pattern that names a directory may mean all below it; the glob itself knows.
    if text.utf8.last == UInt8(ascii: "/")
      || PathGlob(text)?.matches(start.joined(separator: "/") + "/x") == true,
      start.count == segments.count
    {
      segments.append(.anything)
    }
    literalStart = start.joined(separator: "/")
    self.segments = segments
  }

  /// The literal start and every directory above it, down to the top, which is empty.
  var startsAbove: [String] {
    var starts = [literalStart]
    var rest = literalStart.utf8[...]
    while let slash = rest.lastIndex(of: UInt8(ascii: "/")) {
      rest = rest[..<slash]
      starts.append(String(Substring(rest)))
    }
    if !literalStart.isEmpty { starts.append("") }
    return starts
  }

  /// Whether some path may match both; true when in doubt.
  func mayOverlap(_ other: PathPattern) -> Bool {
    // `reach[j]` says whether the segments so far and the first j of the other can match the same names.
    var reach = Array(repeating: false, count: other.segments.count + 1)
    reach[0] = true
    for (j, segment) in other.segments.enumerated() where segment == .anything { reach[j + 1] = reach[j] }
    for mine in segments {
      var next = Array(repeating: false, count: reach.count)
      next[0] = mine == .anything && reach[0]
      for (j, theirs) in other.segments.enumerated() {
        if mine == .anything || theirs == .anything {
          next[j + 1] =
            (mine == .anything && (reach[j + 1] || next[j]))
            || (theirs == .anything && (next[j] || reach[j + 1]))
        }
        if !next[j + 1] { next[j + 1] = reach[j] && Self.mayMatch(mine, theirs) }
      }
      reach = next
    }
    return reach.last ?? false
  }

  private static func mayMatch(_ left: Segment, _ right: Segment) -> Bool {
    switch (left, right) {
    case (.anything, _), (_, .anything): true
    case (.literal(let one), .literal(let other)): one == other
    case (.literal(let name), .wild(let pattern)), (.wild(let pattern), .literal(let name)):
      PathGlob(pattern)?.matches(name) ?? true
    case (.wild(let one), .wild(let other)): mayMatch(wild: one, other)
    }
  }

  /// Two names with wildcards can only be told apart by how they start and how they end.
  private static func mayMatch(wild one: String, _ other: String) -> Bool {
    let isSpecial = { (byte: UInt8) in "*?[]{}\\!,".utf8.contains(byte) }
    let (left, right) = (Array(one.utf8), Array(other.utf8))
    let starts = zip(left.prefix { !isSpecial($0) }, right.prefix { !isSpecial($0) })
    let ends = zip(
      left.reversed().prefix { !isSpecial($0) }, right.reversed().prefix { !isSpecial($0) })
    return starts.allSatisfy { $0 == $1 } && ends.allSatisfy { $0 == $1 }
  }

  /// The name without escapes when it has no wildcard, or `nil`.
  private static func literal(_ segment: String) -> String? {
    var bytes: [UInt8] = []
    var isEscaped = false
    for byte in segment.utf8 {
      if !isEscaped, byte == UInt8(ascii: "\\") {
        isEscaped = true
        continue
      }
      if !isEscaped, "*?[{".utf8.contains(byte) { return nil }
      bytes.append(byte)
      isEscaped = false
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
