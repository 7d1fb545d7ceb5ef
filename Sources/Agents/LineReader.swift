/// Cuts what an agent prints into lines, in memory that does not grow with what it prints: a line over the
/// bound is passed over whole, and counted.
public struct LineReader: Sendable {
  /// The longest line that is kept, in bytes, unless another bound is given. An event holds at most one
  /// answer of a model or one file.
  public static let longestLine = 4 << 20

  /// How many lines were passed over.
  public private(set) var passedOver = 0
  private let limit: Int
  private var line: [UInt8] = []
  private var isOverLimit = false

  /// Makes a reader with its bound.
  public init(limit: Int = longestLine) { self.limit = limit }

  /// The lines that end in these bytes, without their line feeds; what is left is the beginning of the next.
  public mutating func read(_ bytes: some Collection<UInt8>) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    var rest = bytes[...]
    while let end = rest.firstIndex(of: 0x0A) {
      keep(rest[..<end])
      if let line = finish() { lines.append(line) }
      rest = rest[rest.index(after: end)...]
    }
    keep(rest)
    return lines
  }

  /// The last line, when the output ended without a line feed.
  public mutating func end() -> [UInt8]? { line.isEmpty ? nil : finish() }

  private mutating func keep(_ part: some Collection<UInt8>) {
    guard !isOverLimit else { return }
    if line.count + part.count > limit {
      isOverLimit = true
      line = []
    } else {
      line += part
    }
  }

  private mutating func finish() -> [UInt8]? {
    defer { (line, isOverLimit) = ([], false) }
    if isOverLimit {
      passedOver += 1
      return nil
    }
    return line
  }
}
